"""Our protocol client and the sandbox understand each other, in good times and in bad."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import httpx
import pytest

from payments.openpayments.access import InteractRequest, Limits, incoming_access, outgoing_access, quote_access
from payments.openpayments.amounts import Amount, Asset
from payments.openpayments.client import Client
from payments.openpayments.errors import BadAnswer, OpenPaymentsError, Refused, Unanswered, WalletFailed
from payments.openpayments.interaction import new_nonce
from payments.openpayments.network import Deadline
from payments.openpayments.signing import Signer
from payments.openpayments.transport import Transport
from payments.openpayments.types import AccessToken, RemoteIncomingPayment, RemoteOutgoingPayment
from tests.sandbox.client import FINISH_URI, WalletClient, eventually
from tests.sandbox.process import SandboxProcess

PESO = Asset("MXN", 2)


@dataclass
class ClientFlow:
    """The eight steps, one method each, as the product takes them."""

    sandbox: SandboxProcess
    client: Client
    signer: Signer
    payer: str
    worker: str
    auth_server: str
    resource_server: str

    @classmethod
    def between(cls, sandbox: SandboxProcess, transport: Transport, signer: Signer, payer: str, worker: str) -> Self:
        """Both wallets at one provider, at whatever hosts it says that its servers are."""
        client = Client(transport)
        found = client.get_wallet_address(payer, deadline=Deadline.after(5))
        return cls(sandbox, client, signer, payer, worker, found.auth_server, found.resource_server)

    def soon(self) -> Deadline:
        return Deadline.after(5)

    def token(self) -> AccessToken:
        access = [incoming_access(["create", "read", "list", "complete"]), quote_access(["create", "read"])]
        answer = self.client.request_grant(self.auth_server, signer=self.signer, access=access, deadline=self.soon())
        assert answer.token is not None
        return answer.token

    def incoming(self) -> RemoteIncomingPayment:
        return self.client.create_incoming_payment(
            self.resource_server,
            signer=self.signer,
            token=self.token(),
            wallet_address=self.worker,
            amount=Amount(1000, PESO),
            expires_at=None,
            metadata={"job": "7"},
            deadline=self.soon(),
        )

    def allowed(self, limit: Amount) -> AccessToken:
        asked = self.client.request_grant(
            self.auth_server,
            signer=self.signer,
            access=[outgoing_access(["create", "read", "list"], self.payer, Limits(debit_amount=limit))],
            interact=InteractRequest(FINISH_URI, new_nonce()),
            deadline=self.soon(),
        )
        assert asked.interact is not None
        assert asked.continue_ is not None
        finish = httpx.URL(self.sandbox.approve(asked.interact.redirect))
        granted = self.client.continue_grant(
            asked.continue_, finish.params["interact_ref"], signer=self.signer, deadline=self.soon()
        )
        assert granted.token is not None
        return granted.token

    def pay(self) -> tuple[RemoteIncomingPayment, RemoteOutgoingPayment]:
        incoming = self.incoming()
        quote = self.client.create_quote(
            self.resource_server,
            signer=self.signer,
            token=self.token(),
            wallet_address=self.payer,
            receiver=incoming.id,
            incoming_amount=incoming.incoming_amount,
            deadline=self.soon(),
        )
        outgoing = self.client.create_outgoing_payment(
            self.resource_server,
            signer=self.signer,
            token=self.allowed(quote.debit_amount),
            wallet_address=self.payer,
            quote_id=quote.id,
            metadata={"job": "7"},
            deadline=self.soon(),
        )
        return incoming, outgoing


@pytest.fixture
def flow(sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str) -> Iterator[ClientFlow]:
    sandbox.settings(waitSeconds=0)
    with Transport(frozenset({sandbox.trusted_host})) as transport:
        yield ClientFlow.between(sandbox, transport, shop.signer, payer, worker)


def test_a_payment_settles_at_the_receiver(flow: ClientFlow) -> None:
    incoming, outgoing = flow.pay()
    assert (outgoing.debit_amount.value, outgoing.sent_amount.value) == (54, 0)

    def arrived() -> bool:
        payment = flow.client.get_incoming_payment(
            incoming.id, signer=flow.signer, token=flow.token(), deadline=flow.soon()
        )
        return payment.completed and payment.received_amount == Amount(1000, PESO)

    eventually(arrived)


def test_wallet_addresses_and_keys_are_read(flow: ClientFlow) -> None:
    wallet = flow.client.get_wallet_address(flow.worker, deadline=flow.soon())
    assert (wallet.id, wallet.public_name, wallet.asset) == (flow.worker, "Worker", PESO)
    keys = flow.client.get_keys(flow.signer.client, deadline=flow.soon())
    assert flow.signer.key_id in {key.kid for key in keys}


@pytest.mark.parametrize(
    ("do", "error", "unknown"),
    [
        ("reset-before", Unanswered, True),
        ("reset-after", Unanswered, True),
        ("truncate", Unanswered, True),
        ("500-before", WalletFailed, True),
        ("500-after", WalletFailed, True),
        ("redirect", WalletFailed, True),
        ("garbage", BadAnswer, True),
        ("not-json", BadAnswer, True),
        ("wrong-types", BadAnswer, True),
        ("wrong-amount", BadAnswer, True),
        ("wrong-wallet", BadAnswer, True),
        ("status:401", Refused, False),
    ],
)
def test_each_kind_of_misbehaviour_is_told_apart(
    flow: ClientFlow, do: str, error: type[OpenPaymentsError], unknown: bool
) -> None:
    flow.sandbox.faults({"match": {"operation": "create-incoming-payment"}, "do": do})
    with pytest.raises(error) as caught:
        flow.incoming()
    assert caught.value.outcome_unknown is unknown


def test_a_wallet_that_points_to_a_private_address_is_not_believed(flow: ClientFlow) -> None:
    flow.sandbox.faults({"match": {"operation": "get-wallet-address"}, "do": "private-urls"})
    with pytest.raises(BadAnswer):
        flow.client.get_wallet_address(flow.worker, deadline=flow.soon())


@pytest.mark.parametrize("do", ["hang", "drip", "huge"])
def test_no_call_outlives_its_deadline(flow: ClientFlow, do: str) -> None:
    flow.sandbox.faults({"match": {"operation": "get-wallet-address"}, "do": do, "seconds": 30})
    begin = datetime.now(UTC)
    with pytest.raises(Unanswered):
        flow.client.get_wallet_address(flow.worker, deadline=Deadline.after(0.5))
    assert (datetime.now(UTC) - begin).total_seconds() < 2


def refused(call: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value


def test_refusals_can_be_told_apart(flow: ClientFlow) -> None:
    incoming, _ = flow.pay()
    token = flow.token()
    flow.sandbox.clock(601)
    dead = refused(
        lambda: flow.client.get_incoming_payment(incoming.id, signer=flow.signer, token=token, deadline=flow.soon())
    )
    assert dead.token_is_dead
    fresh = flow.client.rotate_token(token, signer=flow.signer, deadline=flow.soon())
    again = refused(lambda: flow.client.rotate_token(token, signer=flow.signer, deadline=flow.soon()))
    assert (again.status, again.code) == (404, "invalid_rotation")
    flow.sandbox.forget(incoming.id)
    gone = refused(
        lambda: flow.client.get_incoming_payment(incoming.id, signer=flow.signer, token=fresh, deadline=flow.soon())
    )
    assert gone.gone
