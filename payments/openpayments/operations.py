"""The operations of Open Payments that we call, under the operationIds of its OpenAPI documents (1.3.0)."""

from enum import StrEnum
from typing import Final, Literal

Method = Literal["GET", "POST", "DELETE"]


class Operation(StrEnum):
    GET_WALLET_ADDRESS = "get-wallet-address"
    GET_KEYS = "get-wallet-address-keys"

    REQUEST_GRANT = "post-request"
    CONTINUE_GRANT = "post-continue"
    CANCEL_GRANT = "delete-continue"
    ROTATE_TOKEN = "post-token"  # noqa: S105 - the name of an operation
    REVOKE_TOKEN = "delete-token"  # noqa: S105 - the name of an operation

    CREATE_INCOMING_PAYMENT = "create-incoming-payment"
    GET_INCOMING_PAYMENT = "get-incoming-payment"
    COMPLETE_INCOMING_PAYMENT = "complete-incoming-payment"
    LIST_INCOMING_PAYMENTS = "list-incoming-payments"
    CREATE_QUOTE = "create-quote"
    GET_QUOTE = "get-quote"
    CREATE_OUTGOING_PAYMENT = "create-outgoing-payment"
    GET_OUTGOING_PAYMENT = "get-outgoing-payment"
    LIST_OUTGOING_PAYMENTS = "list-outgoing-payments"
    GET_SPENT_AMOUNTS = "get-outgoing-payment-grant"

    @property
    def method(self) -> Method:
        if self in _DELETES:
            return "DELETE"
        return "POST" if self in _POSTS else "GET"

    @property
    def may_change_something(self) -> bool:
        """Whether the wallet is in another state afterwards, so that an unknown outcome matters."""
        return self.method != "GET"

    @property
    def is_about_money(self) -> bool:
        """Whether it is a call to a resource server, made with an access token."""
        return self in _RESOURCE_SERVER


_DELETES: Final = frozenset({Operation.CANCEL_GRANT, Operation.REVOKE_TOKEN})
_POSTS: Final = frozenset(
    {
        Operation.REQUEST_GRANT,
        Operation.CONTINUE_GRANT,
        Operation.ROTATE_TOKEN,
        Operation.CREATE_INCOMING_PAYMENT,
        Operation.COMPLETE_INCOMING_PAYMENT,
        Operation.CREATE_QUOTE,
        Operation.CREATE_OUTGOING_PAYMENT,
    }
)
_RESOURCE_SERVER: Final = frozenset(
    {
        Operation.CREATE_INCOMING_PAYMENT,
        Operation.GET_INCOMING_PAYMENT,
        Operation.COMPLETE_INCOMING_PAYMENT,
        Operation.LIST_INCOMING_PAYMENTS,
        Operation.CREATE_QUOTE,
        Operation.GET_QUOTE,
        Operation.CREATE_OUTGOING_PAYMENT,
        Operation.GET_OUTGOING_PAYMENT,
        Operation.LIST_OUTGOING_PAYMENTS,
        Operation.GET_SPENT_AMOUNTS,
    }
)
