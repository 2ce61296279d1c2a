"""The client of Open Payments: every call that the product makes, typed, and every answer checked."""

from payments.openpayments.access import Access, InteractRequest, Limits, incoming_access, outgoing_access, quote_access
from payments.openpayments.client.grants import GrantCalls
from payments.openpayments.client.payments import PaymentCalls
from payments.openpayments.client.wallets import WalletCalls


class Client(WalletCalls, GrantCalls, PaymentCalls):
    """Calls wallets through one Transport; as thread-safe as that is, and without state of its own.

    All methods raise OpenPaymentsError subclasses only (ValueError for arguments that no wallet could accept), and all
    of them give up at their `deadline`.
    """


__all__ = ["Access", "Client", "InteractRequest", "Limits", "incoming_access", "outgoing_access", "quote_access"]
