"""An incoming payment at a seller's own wallet that a program asked for: made there, found there, read there.

The caller has written it down before it calls here; nothing here touches the database. Only the wallet's own answer
says whether it was made: that it is not in a list is no answer.
"""

from datetime import timedelta
from typing import Final

from payments.client import client
from payments.models import IncomingPayment, Seller
from payments.openpayments.client import incoming_access
from payments.openpayments.errors import BadAnswer
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline
from payments.openpayments.types import AccessToken, RemoteIncomingPayment

#: What a wallet gives at once, and how many pages of newer ones are read before one is not found.
PAGE_SIZE: Final = 100
MOST_PAGES: Final = 20
#: By which the wallet's clock may differ from ours.
TOLERANCE: Final = timedelta(hours=1)


def token(seller: Seller, deadline: Deadline) -> AccessToken:
    """To make, find and read incoming payments at the seller's wallet. Raises OpenPaymentsError."""
    access = incoming_access(["create", "read", "complete", "list"])
    server = seller.wallet.auth_server
    answer = client().request_grant(server, signer=seller.signer(), access=[access], deadline=deadline)
    assert answer.token, "the client insists on a token where no interaction was asked for"
    return answer.token


def make(
    incoming: IncomingPayment, seller: Seller, description: str, token: AccessToken, deadline: Deadline
) -> RemoteIncomingPayment:
    """Make it at the wallet; by our id, which goes with it, it is found again. Raises OpenPaymentsError."""
    assert incoming.expires_at
    return client().create_incoming_payment(
        seller.wallet.resource_server,
        signer=seller.signer(),
        token=token,
        wallet_address=seller.wallet.canonical_id,
        amount=incoming.amount,
        expires_at=incoming.expires_at,
        metadata={"description": description, "externalRef": incoming.pk},
        deadline=deadline,
    )


def find(
    incoming: IncomingPayment, seller: Seller, token: AccessToken, deadline: Deadline
) -> RemoteIncomingPayment | None:
    """The one at the wallet that was made for `incoming`; None says nothing. Raises OpenPaymentsError."""
    cursor = None
    for _page in range(MOST_PAGES):
        page = client().list_incoming_payments(
            seller.wallet.resource_server,
            signer=seller.signer(),
            token=token,
            wallet_address=seller.wallet.canonical_id,
            deadline=deadline,
            first=PAGE_SIZE,
            cursor=cursor,
        )
        for found in page.items:
            if found.metadata.get("externalRef") == incoming.pk and found.incoming_amount == incoming.amount:
                return found
        is_behind = any(found.created_at < incoming.created_at - TOLERANCE for found in page.items)
        if is_behind or not page.has_next or page.end_cursor == cursor:
            return None
        cursor = page.end_cursor
    return None


def read(incoming: IncomingPayment, seller: Seller, token: AccessToken, deadline: Deadline) -> RemoteIncomingPayment:
    """What the wallet says has arrived. Raises OpenPaymentsError."""
    signer = seller.signer()
    found = client().get_incoming_payment(incoming.remote_id, signer=signer, token=token, deadline=deadline)
    assert incoming.amount
    if found.received_amount.asset != incoming.amount.asset:
        told = f"received in {found.received_amount.asset}, not in {incoming.amount.asset}"
        raise BadAnswer(Operation.GET_INCOMING_PAYMENT, incoming.remote_id, told, "other_amount")
    return found
