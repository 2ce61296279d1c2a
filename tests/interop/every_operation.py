"""Our client, taken through every operation that it has, and through the refusals that a wallet may give."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from payments.openpayments.amounts import Amount, Asset
from payments.openpayments.client import Client, InteractRequest, Limits, incoming_access, outgoing_access, quote_access
from payments.openpayments.errors import Refused
from payments.openpayments.interaction import hash_matches, new_nonce
from payments.openpayments.keys import generate_key, public_jwk
from payments.openpayments.signing import Signer
from payments.openpayments.transport import Deadline, Transport
from payments.openpayments.types import (
    AccessToken,
    Continuation,
    GrantAnswer,
    RemoteIncomingPayment,
    RemoteOutgoingPayment,
    RemoteQuote,
)
from tests.sandbox.client import eventually
from tests.sandbox.process import SandboxProcess

USD = Asset("USD", 2)
MXN = Asset("MXN", 2)
BUDGET = Amount(100_00, USD)
WAGE = Amount(185_00, MXN)
FINISH = "https://tequio.example/payments/finish?request=01J&return=x"
SECONDS = 10.0


class Product:
    """The platform with its key, a payer in USD and a worker in MXN, at one provider."""

    def __init__(self, sandbox: SandboxProcess, client: Client) -> None:
        key = generate_key()
        self.sandbox = sandbox
        self.client = client
        platform = sandbox.create_wallet("platform", keys=[public_jwk(key, "k1").to_wire()])
        self.signer = Signer(platform, "k1", key)
        self.payer = client.get_wallet_address(sandbox.create_wallet("sol"), deadline=soon())
        self.worker = client.get_wallet_address(sandbox.create_wallet("maria", asset="MXN"), deadline=soon())

    def token_to_receive(self) -> tuple[Continuation, AccessToken]:
        return issued(
            self.client.request_grant(
                self.worker.auth_server,
                signer=self.signer,
                access=[incoming_access(["create", "read", "list", "complete"])],
                deadline=soon(),
            )
        )

    def token_to_quote(self) -> AccessToken:
        access = [quote_access(["create", "read"])]
        grant = self.client.request_grant(self.payer.auth_server, signer=self.signer, access=access, deadline=soon())
        return issued(grant)[1]

    def asked_to_pay(self, nonce: str, limits: Limits) -> GrantAnswer:
        """A grant request that waits for the payer."""
        return self.client.request_grant(
            self.payer.auth_server,
            signer=self.signer,
            access=[outgoing_access(["create", "read", "list"], self.payer.id, limits)],
            interact=InteractRequest(FINISH, nonce),
            deadline=soon(),
        )

    def token_to_pay(self, limits: Limits) -> tuple[Continuation, AccessToken]:
        """A token that the payer approved."""
        nonce = new_nonce()
        asked = self.asked_to_pay(nonce, limits)
        assert asked.interact is not None
        assert asked.continue_ is not None
        back = httpx.URL(self.sandbox.approve(asked.interact.redirect)).params
        assert hash_matches(
            back["hash"],
            nonce=nonce,
            finish=asked.interact.finish,
            interact_ref=back["interact_ref"],
            auth_server=self.payer.auth_server,
        )
        return issued(
            self.client.continue_grant(asked.continue_, back["interact_ref"], signer=self.signer, deadline=soon())
        )

    def proven_wallets(self) -> tuple[str, ...]:
        """What the payer's wallet says after its owner confirmed that it is theirs."""
        asked = self.client.request_subject(
            self.payer.auth_server,
            self.payer.id,
            signer=self.signer,
            interact=InteractRequest(FINISH, new_nonce()),
            deadline=soon(),
        )
        assert asked.interact is not None
        assert asked.continue_ is not None
        back = httpx.URL(self.sandbox.approve(asked.interact.redirect)).params
        answer = self.client.continue_grant(asked.continue_, back["interact_ref"], signer=self.signer, deadline=soon())
        assert answer.token is None
        return answer.subjects

    def incoming(
        self, token: AccessToken, amount: Amount | None = WAGE, expires_at: datetime | None = None
    ) -> RemoteIncomingPayment:
        return self.client.create_incoming_payment(
            self.worker.resource_server,
            signer=self.signer,
            token=token,
            wallet_address=self.worker.id,
            amount=amount,
            expires_at=expires_at,
            metadata={"description": "Traducción al náhuatl", "reference": {"job": "01J", "pages": 100}},
            deadline=soon(),
        )

    def quote(self, token: AccessToken, receiver: str, **amounts: Amount) -> RemoteQuote:
        return self.client.create_quote(
            self.payer.resource_server,
            signer=self.signer,
            token=token,
            wallet_address=self.payer.id,
            receiver=receiver,
            deadline=soon(),
            **amounts,
        )

    def pay(self, token: AccessToken, quote_id: str) -> RemoteOutgoingPayment:
        return self.client.create_outgoing_payment(
            self.payer.resource_server,
            signer=self.signer,
            token=token,
            wallet_address=self.payer.id,
            quote_id=quote_id,
            metadata={"description": "Traducción"},
            deadline=soon(),
        )


def soon() -> Deadline:
    return Deadline.after(SECONDS)


def issued(grant: GrantAnswer) -> tuple[Continuation, AccessToken]:
    assert grant.token is not None
    assert grant.continue_ is not None
    return grant.continue_, grant.token


@contextmanager
def product(sandbox: SandboxProcess) -> Iterator[Product]:
    sandbox.settings(waitSeconds=0)
    with Transport(frozenset({sandbox.trusted_host})) as transport:
        yield Product(sandbox, Client(transport))


def succeed_at_everything(by: Product) -> None:
    """Every operation, with every shape of body and query that the product sends."""
    client, signer = by.client, by.signer
    assert "k1" in [key.kid for key in client.get_keys(signer.wallet_address, deadline=soon())]
    assert by.proven_wallets() == (by.payer.id,)
    receiving, token = by.token_to_receive()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    fixed, open_ = by.incoming(token, expires_at=tomorrow), by.incoming(token, amount=None)
    assert client.get_public_incoming_payment(fixed.id, deadline=soon()).auth_server == by.worker.auth_server

    quoting = by.token_to_quote()
    quote = by.quote(quoting, fixed.id)
    by.quote(quoting, open_.id, receive_amount=Amount(10_00, MXN))
    by.quote(quoting, open_.id, debit_amount=Amount(10_00, USD))
    assert client.get_quote(quote.id, signer=signer, token=quoting, deadline=soon()) == quote

    paying, pay_token = by.token_to_pay(Limits(debit_amount=quote.debit_amount, receiver=fixed.id))
    payment = by.pay(pay_token, quote.id)
    assert client.get_outgoing_payment(payment.id, signer=signer, token=pay_token, deadline=soon()).id == payment.id
    spent = client.get_spent_amounts(by.payer.resource_server, signer=signer, token=pay_token, deadline=soon())
    assert spent.debit_amount == quote.debit_amount
    eventually(
        lambda: client.get_incoming_payment(fixed.id, signer=signer, token=token, deadline=soon()).has_received_all
    )
    read_lists(by, token, pay_token)

    assert client.complete_incoming_payment(open_.id, signer=signer, token=token, deadline=soon()).completed
    pay_token = client.rotate_token(pay_token, signer=signer, deadline=soon())
    client.revoke_token(pay_token, signer=signer, deadline=soon())
    for continuation in (paying, receiving):
        client.cancel_grant(continuation, signer=signer, deadline=soon())


def read_lists(by: Product, token: AccessToken, pay_token: AccessToken) -> None:
    """Page by page, and an empty one."""
    first = by.client.list_incoming_payments(
        by.worker.resource_server, signer=by.signer, token=token, wallet_address=by.worker.id, first=1, deadline=soon()
    )
    rest = by.client.list_incoming_payments(
        by.worker.resource_server,
        signer=by.signer,
        token=token,
        wallet_address=by.worker.id,
        cursor=first.end_cursor,
        deadline=soon(),
    )
    assert (len(first.items), len(rest.items), rest.has_next) == (1, 1, False)
    nobody = by.sandbox.create_wallet("nobody")
    empty = by.client.list_incoming_payments(
        by.worker.resource_server, signer=by.signer, token=token, wallet_address=nobody, deadline=soon()
    )
    assert not empty.items
    outgoing = by.client.list_outgoing_payments(
        by.payer.resource_server, signer=by.signer, token=pay_token, wallet_address=by.payer.id, deadline=soon()
    )
    assert len(outgoing.items) == 1


def ask_with_other_limits(by: Product) -> None:
    """The other shapes of an outgoing-payment grant request; the payer walks away from each."""
    next_month = "R3/2030-01-01T00:00:00Z/P1M"
    for limits in (Limits(), Limits(receive_amount=WAGE), Limits(debit_amount=BUDGET, interval=next_month)):
        assert by.asked_to_pay(new_nonce(), limits).is_pending


def be_refused_everything(by: Product) -> None:
    """The refusals of each server, as our client reports them."""
    client, signer = by.client, by.signer
    stranger = Signer(signer.wallet_address, "unpublished", signer.private_key)
    forger = Signer(signer.wallet_address, "k1", generate_key())
    receiving, token = by.token_to_receive()
    quoting = by.token_to_quote()
    fixed = by.incoming(token)
    quote = by.quote(quoting, fixed.id)

    with refused(404):
        client.get_wallet_address(f"{by.sandbox.url}/nowhere", deadline=soon())
    for other, status in ((stranger, 400), (forger, 401)):
        with refused(status):
            access = [quote_access(["create"])]
            client.request_grant(by.payer.auth_server, signer=other, access=access, deadline=soon())
        with refused(status):
            client.cancel_grant(receiving, signer=other, deadline=soon())
        with refused(401):
            client.get_quote(quote.id, signer=other, token=quoting, deadline=soon())

    be_refused_to_continue(by)
    be_refused_to_pay(by, token, quoting)
    with refused(403):
        client.create_incoming_payment(
            by.worker.resource_server,
            signer=signer,
            token=quoting,
            wallet_address=by.worker.id,
            amount=None,
            expires_at=None,
            metadata=None,
            deadline=soon(),
        )
    with refused(400):
        by.incoming(token, amount=Amount(1, USD))
    with refused(400):
        by.incoming(token, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    with refused(400):
        client.list_incoming_payments(
            by.worker.resource_server,
            signer=signer,
            token=token,
            wallet_address=by.worker.id,
            cursor="unknown",
            deadline=soon(),
        )
    with refused(404):
        client.get_incoming_payment(f"{fixed.id}0", signer=signer, token=token, deadline=soon())
    client.complete_incoming_payment(fixed.id, signer=signer, token=token, deadline=soon())
    with refused(409):
        client.complete_incoming_payment(fixed.id, signer=signer, token=token, deadline=soon())
    with refused(400):
        by.quote(quoting, fixed.id)
    client.revoke_token(token, signer=signer, deadline=soon())
    with refused(404):
        client.rotate_token(token, signer=signer, deadline=soon())
    with refused(404):
        client.revoke_token(token, signer=signer, deadline=soon())
    with refused(403):
        by.incoming(token)


def be_refused_to_continue(by: Product) -> None:
    """Too fast, with another reference, rejected, cancelled."""
    client, signer = by.client, by.signer
    asked = by.asked_to_pay(new_nonce(), Limits(debit_amount=BUDGET))
    assert asked.continue_ is not None
    assert asked.interact is not None
    with refused(404):
        client.continue_grant(asked.continue_, "another", signer=signer, deadline=soon())
    with refused(401):
        client.continue_grant(asked.continue_, None, signer=signer, deadline=soon())
    by.sandbox.reject(asked.interact.redirect)
    with refused(404):
        client.continue_grant(asked.continue_, "another", signer=signer, deadline=soon())
    client.cancel_grant(asked.continue_, signer=signer, deadline=soon())
    with refused(401):
        client.continue_grant(asked.continue_, "another", signer=signer, deadline=soon())

    by.sandbox.settings(waitSeconds=5)
    asked = by.asked_to_pay(new_nonce(), Limits(debit_amount=BUDGET))
    assert asked.continue_ is not None
    assert asked.interact is not None
    reference = httpx.URL(by.sandbox.approve(asked.interact.redirect)).params["interact_ref"]
    with refused(400):
        client.continue_grant(asked.continue_, reference, signer=signer, deadline=soon())
    by.sandbox.settings(waitSeconds=0)


def be_refused_to_pay(by: Product, token: AccessToken, quoting: AccessToken) -> None:
    """Above the limit, by a quote that is unknown or used, by a dead token, too little to arrive."""
    quote = by.quote(quoting, by.incoming(token).id)
    _, pay_token = by.token_to_pay(Limits(debit_amount=quote.debit_amount))
    dearer = by.quote(quoting, by.incoming(token, Amount(WAGE.value + 100, MXN)).id)
    with refused(403):
        by.pay(pay_token, dearer.id)
    with refused(404):
        by.pay(pay_token, f"{quote.id}0")
    by.pay(pay_token, quote.id)
    with refused(400):
        by.pay(pay_token, quote.id)
    with refused(404):
        by.client.get_outgoing_payment(
            f"{by.payer.resource_server}/outgoing-payments/none", signer=by.signer, token=pay_token, deadline=soon()
        )
    with refused(404):
        by.client.get_quote(f"{by.payer.resource_server}/quotes/none", signer=by.signer, token=quoting, deadline=soon())


@contextmanager
def refused(status: int) -> Iterator[None]:
    with pytest.raises(Refused) as refusal:
        yield
    assert refusal.value.status == status, refusal.value
