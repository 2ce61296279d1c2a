"""What is done through the copy of a link that a member of staff was shown: the ledger says so, beside what was done.

Nobody can tell whether they did it, or whoever they gave the link to. So it is never only the payer's, or the member's.
"""

from typing import Literal

from django.contrib.auth.models import User

from ledger.api import Actor, record
from payments.engine.close_request import tell_cancelled
from payments.links import LinkUse
from payments.models import PaymentRequest
from payments.states import RequestState


def tell_use(
    about: Literal["request", "proof", "member"], row_id: str, actor: Actor, shown_to: User, did: LinkUse
) -> None:
    """The entry for it, in the transaction of what was done; `about` is the kind of row that `row_id` is of."""
    record(
        f"{about}.shown_link_used",
        actor=actor,
        subjects={about: row_id, "user": str(shown_to.pk)},
        data={"did": did.value, "shown_to": str(shown_to.pk)},
        private={"who": shown_to.get_full_name() or shown_to.get_username()},
    )


def tell_use_of_approval(request_id: str, shown_to: User, did: LinkUse) -> None:
    """Of a payment request's link. The payer is told when it was declined: they may not know of it."""
    tell_use("request", request_id, Actor.payer(request_id), shown_to, did)
    rows = PaymentRequest.objects.filter(pk=request_id)
    if did == LinkUse.APPROVE:
        rows.update(link_shown_to=shown_to)
    if did == LinkUse.DECLINE and (declined := rows.filter(state=RequestState.DECLINED).first()):
        tell_cancelled(declined)
