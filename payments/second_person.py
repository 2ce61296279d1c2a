"""Who may be the second person: two accounts count as two people only when nobody has both of them in their hands.

Whoever makes an account, or sets another's password, email address or second factor, could sign in with it: each such
entry of the ledger has the subject `CREDENTIALS`. For `WINDOW` such an account and theirs, and all accounts that they
had in their hands, are one person here. By then the administrators, who are told of each, have had the time to object.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.contrib.auth.models import User

from ledger import clock
from ledger.api import timeline

#: The subject, beside `user`, of an entry by which somebody got another's account into their hands.
CREDENTIALS: Final = "credentials"
#: The sentence of `same_hands` names it.
WINDOW: Final = timedelta(days=7)
#: Far more than anybody has reason to make for one account in `WINDOW`.
MOST_ENTRIES: Final = 1000


def objection(person: User, proposers: Iterable[int | None], *, own: str = "own_proposal") -> str | None:
    """The reason's code when `person` may not decide on what the users `proposers` proposed; None when they may.

    `own` is said to whoever proposed it. None among the proposers is for somebody who does not sign in here: a member,
    a payer. Who was shown the link by which something was proposed is a proposer, too. Permissions are not looked at.
    """
    others = {one for one in proposers if one is not None}
    if person.pk in others:
        return own
    if not others:
        return None
    if person.email and User.objects.filter(pk__in=others, email__iexact=person.email).exists():
        return "same_email"
    hands = in_whose_hands(person.pk)
    return "same_hands" if any(hands & in_whose_hands(one) for one in others) else None


def in_whose_hands(user_id: int) -> set[int]:
    """Everybody who could have signed in as this user in the last `WINDOW`: they, and who had who had their account."""
    found, to_ask = {user_id}, [user_id]
    while to_ask:
        holders = _holders(to_ask.pop()) - found
        found |= holders
        to_ask.extend(holders)
    return found


def _holders(user_id: int) -> set[int]:
    since = clock.now() - WINDOW
    rows = timeline([(CREDENTIALS, str(user_id))], MOST_ENTRIES)
    return {int(row.actor.id) for row in rows if row.recorded_at > since and row.actor.kind == "staff"}


def at_work(emails: Iterable[str]) -> set[str]:
    """Those of `emails`, in small letters, that are also a member of staff's: who is paid may be who decides on it."""
    staff = User.objects.filter(is_active=True).exclude(email="").values_list("email", flat=True)
    return {email.lower() for email in staff} & {email.lower() for email in emails}
