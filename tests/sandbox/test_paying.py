"""Outgoing payments: limits, single use, and every way a payment ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.sandbox.client import WalletClient, amount, error, eventually
from tests.sandbox.process import SandboxProcess


def quoted(
    shop: WalletClient, sandbox: SandboxProcess, payer: str, worker: str, centavos: int = 1000
) -> dict[str, Any]:
    """A quote for an incoming payment of so many centavos of a peso; 1000 of them cost 54 cents."""
    receiver = shop.incoming(sandbox, worker, amount(centavos, "MXN")).json()["id"]
    quote: dict[str, Any] = shop.quote(sandbox, payer, receiver).json()
    return quote


class Paid:
    """A payment that was accepted, and how it stands."""

    def __init__(self, shop: WalletClient, token: str, answer: httpx.Response) -> None:
        assert answer.status_code == 201, answer.text
        self.created = answer.json()
        self._shop, self._token = shop, token

    def now(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._shop.send("GET", self.created["id"], token=self._token).json()
        return answer


OVER = (403, "403", "unauthorized")


class TestLimits:
    def test_exactly_the_limit_is_allowed_and_one_more_is_not(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        token = shop.allowed_to_pay(sandbox, payer, {"debitAmount": amount(108)})
        quotes = [quoted(shop, sandbox, payer, worker)["id"] for _ in range(2)]
        tiny = quoted(shop, sandbox, payer, worker, 1)["id"]
        for quote in quotes:
            assert shop.pay(sandbox, payer, quote, token).status_code == 201
        assert error(shop.pay(sandbox, payer, tiny, token)) == OVER

    def test_of_many_at_once_none_goes_over(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        token = shop.allowed_to_pay(sandbox, payer, {"debitAmount": amount(54 * 5 - 1)})
        quotes = [quoted(shop, sandbox, payer, worker)["id"] for _ in range(5)]
        with ThreadPoolExecutor(5) as pool:
            answers = list(pool.map(lambda quote: shop.pay(sandbox, payer, quote, token), quotes))
        assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 201, 403]

    def test_what_receivers_get_can_be_limited(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        token = shop.allowed_to_pay(sandbox, payer, {"receiveAmount": amount(1000, "MXN")})
        more = quoted(shop, sandbox, payer, worker, 1001)["id"]
        assert error(shop.pay(sandbox, payer, more, token)) == OVER
        assert shop.pay(sandbox, payer, quoted(shop, sandbox, payer, worker)["id"], token).status_code == 201
        euro = sandbox.create_wallet("euro", asset="EUR", balance=0)
        receiver = shop.incoming(sandbox, euro, amount(1, "EUR")).json()["id"]
        other_currency = shop.quote(sandbox, payer, receiver).json()["id"]
        assert error(shop.pay(sandbox, payer, other_currency, token)) == OVER

    def test_a_limit_in_a_foreign_currency_allows_nothing(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        token = shop.allowed_to_pay(sandbox, payer, {"debitAmount": amount(10**6, "EUR")})
        assert error(shop.pay(sandbox, payer, quoted(shop, sandbox, payer, worker)["id"], token)) == OVER

    def test_a_named_receiver_is_the_only_one(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        wanted, other = quoted(shop, sandbox, payer, worker), quoted(shop, sandbox, payer, worker)
        token = shop.allowed_to_pay(sandbox, payer, {"receiver": wanted["receiver"]})
        assert error(shop.pay(sandbox, payer, other["id"], token)) == OVER
        assert shop.pay(sandbox, payer, wanted["id"], token).status_code == 201

    def test_periods_start_anew_without_rollover_and_end(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        start = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
        limits = {"debitAmount": amount(54), "interval": f"R2/{start}/P1D"}
        sandbox.settings(tokenSeconds=10 * 86_400)
        token = shop.allowed_to_pay(sandbox, payer, limits)

        def pay() -> httpx.Response:
            return shop.pay(sandbox, payer, quoted(shop, sandbox, payer, worker)["id"], token)

        def spent() -> Any:
            return shop.send("GET", f"{sandbox.url}/op/outgoing-payment-grant", token=token).json()["spentDebitAmount"]

        assert spent() is None
        assert pay().status_code == 201
        assert spent() == amount(54)
        assert error(pay()) == OVER
        sandbox.clock(86_400)
        assert spent() is None
        assert pay().status_code == 201
        assert error(pay()) == OVER
        sandbox.clock(2 * 86_400)
        assert error(pay()) == OVER

    def test_a_payment_before_the_first_period_is_refused(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        start = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")
        token = shop.allowed_to_pay(sandbox, payer, {"interval": f"R/{start}/PT1H"})
        assert error(shop.pay(sandbox, payer, quoted(shop, sandbox, payer, worker)["id"], token)) == OVER

    def test_what_was_spent_is_told_before_or_with_the_payment(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        token = shop.allowed_to_pay(sandbox, payer, {"debitAmount": amount(1000)})
        first = shop.pay(sandbox, payer, quoted(shop, sandbox, payer, worker)["id"], token).json()
        assert (first["grantSpentDebitAmount"], first["grantSpentReceiveAmount"]) == (amount(0), amount(0, "MXN"))
        sandbox.settings(spentIncludesPayment=True)
        second = shop.pay(sandbox, payer, quoted(shop, sandbox, payer, worker)["id"], token).json()
        assert second["grantSpentDebitAmount"] == amount(108)
        answer = shop.send("GET", f"{sandbox.url}/op/outgoing-payment-grant", token=token).json()
        assert answer == {"spentDebitAmount": amount(108), "spentReceiveAmount": amount(2000, "MXN")}


class TestQuotesAreUsedOnce:
    def test_again_is_an_invalid_quote(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        token = shop.allowed_to_pay(sandbox, payer)
        quote = quoted(shop, sandbox, payer, worker)["id"]
        paid = shop.pay(sandbox, payer, quote, token).json()
        assert paid["id"].rpartition("/")[2] == quote.rpartition("/")[2]
        assert error(shop.pay(sandbox, payer, quote, token)) == (400, "400", "invalid quote")

    def test_of_four_at_once_one_pays(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        token = shop.allowed_to_pay(sandbox, payer)
        quote = quoted(shop, sandbox, payer, worker)["id"]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: shop.pay(sandbox, payer, quote, token), range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]

    def test_expired_or_its_receiver_done_is_the_same_answer(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        sandbox.settings(tokenSeconds=86_400)
        token = shop.allowed_to_pay(sandbox, payer)
        done = quoted(shop, sandbox, payer, worker)
        sandbox.complete(done["receiver"])
        assert error(shop.pay(sandbox, payer, done["id"], token)) == (400, "400", "invalid quote")
        late = quoted(shop, sandbox, payer, worker)["id"]
        sandbox.clock(301)
        assert error(shop.pay(sandbox, payer, late, token)) == (400, "400", "invalid quote")

    def test_a_quote_of_nobody_or_of_another_client_is_unknown(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        token = shop.allowed_to_pay(sandbox, payer)
        other = WalletClient.at(sandbox, shop.http, "other")
        theirs = quoted(other, sandbox, payer, worker)["id"]
        for quote in (theirs, f"{sandbox.url}/op/quotes/none", "http://127.0.0.1:1/quotes/1"):
            assert error(shop.pay(sandbox, payer, quote, token)) == (404, "404", "unknown quote")

    def test_an_incoming_payment_and_an_amount_do_instead_of_a_quote(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        receiver = shop.incoming(sandbox, worker, None).json()["id"]
        token = shop.allowed_to_pay(sandbox, payer, {"debitAmount": amount(54)})
        body = {"walletAddress": payer, "incomingPayment": receiver, "debitAmount": amount(54)}
        assert shop.send("POST", f"{sandbox.url}/op/outgoing-payments", body, token=token).status_code == 201
        eventually(lambda: sandbox.balance("worker") == 1000)

    @pytest.mark.parametrize("more", [{"note": "x"}, {"incomingPayment": "http://x/1"}, {"metadata": "x"}])
    def test_the_body_is_a_closed_schema(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str, more: dict[str, Any]
    ) -> None:
        token = shop.allowed_to_pay(sandbox, payer)
        quote = quoted(shop, sandbox, payer, worker)["id"]
        assert error(shop.pay(sandbox, payer, quote, token, **more))[:2] == (400, "400")


class TestHowPaymentsEnd:
    def pay(self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str, **limits: Any) -> Paid:
        token = shop.allowed_to_pay(sandbox, payer, limits or None)
        quote = quoted(shop, sandbox, payer, worker)["id"]
        return Paid(shop, token, shop.pay(sandbox, payer, quote, token, metadata={"ref": "7"}))

    def test_sent(self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str) -> None:
        paid = self.pay(sandbox, shop, payer, worker)
        eventually(lambda: paid.now()["sentAmount"] == amount(54))
        assert not paid.now()["failed"]
        assert not any(name.startswith("grantSpent") for name in paid.now())

    def test_the_fee_is_debited_and_not_sent(self, sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
        costly = sandbox.create_wallet("costly", fee={"fixed": 10}, balance=100)
        paid = self.pay(sandbox, shop, costly, worker)
        eventually(lambda: paid.now()["sentAmount"] == amount(54))
        assert paid.now()["debitAmount"] == amount(64)
        assert sandbox.balance("costly") == 36

    def test_without_balance_it_stays_and_arrives_when_there_is_some(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        sandbox.set_balance("payer", 53)
        paid = self.pay(sandbox, shop, payer, worker)
        assert (paid.now()["failed"], paid.now()["sentAmount"]) == (False, amount(0))
        sandbox.set_balance("payer", 54)
        eventually(lambda: sandbox.balance("worker") == 1000)

    def test_without_balance_it_may_be_cancelled_and_counts_no_more(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        sandbox.settings(onLowBalance="fail", lowBalanceSeconds=30)
        sandbox.set_balance("payer", 0)
        paid = self.pay(sandbox, shop, payer, worker, debitAmount=amount(54))
        sandbox.clock(31)
        eventually(lambda: paid.now()["failed"])
        assert paid.now()["metadata"] == {"ref": "7", "cancellationReason": "Insufficient balance"}
        sandbox.set_balance("payer", 54)
        quote = quoted(shop, sandbox, payer, worker)["id"]
        assert shop.pay(sandbox, payer, quote, paid._token).status_code == 201

    def test_a_quote_that_expires_before_there_is_balance_fails_it(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        sandbox.set_balance("payer", 0)
        paid = self.pay(sandbox, shop, payer, worker)
        sandbox.clock(301)
        eventually(lambda: paid.now()["failed"])

    def test_completed_by_the_receiver_is_no_failure_and_nothing_is_sent(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        sandbox.settings(settleDelayMs=60_000)
        paid = self.pay(sandbox, shop, payer, worker)
        assert sandbox.balance("payer") == 1_000_000 - 54
        sandbox.complete(paid.created["receiver"])
        sandbox.clock(61)
        eventually(lambda: sandbox.balance("payer") == 1_000_000)
        assert (paid.now()["failed"], paid.now()["sentAmount"]) == (False, amount(0))

    def test_partly_paid_by_someone_else_is_a_failure_after_partial_delivery(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        sandbox.settings(settleDelayMs=60_000)
        paid = self.pay(sandbox, shop, payer, worker)
        sandbox.pay_in(paid.created["receiver"], 500)
        sandbox.clock(61)
        eventually(lambda: paid.now()["failed"])
        assert paid.now()["sentAmount"] == amount(27)
        assert sandbox.balance("worker") == 1000
        assert sandbox.balance("payer") == 1_000_000 - 27

    def test_cancelled_by_the_wallet(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        sandbox.settings(settleDelayMs=60_000)
        paid = self.pay(sandbox, shop, payer, worker)
        sandbox.cancel(paid.created["id"], "Not today")
        assert paid.now()["failed"]
        assert paid.now()["metadata"]["cancellationReason"] == "Not today"
        assert sandbox.balance("payer") == 1_000_000

    def test_cancelling_the_grant_stops_no_payment(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        sandbox.settings(settleDelayMs=60_000, waitSeconds=0)
        asked = shop.ask_to_pay(sandbox, payer).json()
        finish = httpx.URL(sandbox.approve(asked["interact"]["redirect"]))
        token = shop.continue_(asked["continue"], finish.params["interact_ref"]).json()["access_token"]["value"]
        shop.pay(sandbox, payer, quoted(shop, sandbox, payer, worker)["id"], token)
        uri, value = asked["continue"]["uri"], asked["continue"]["access_token"]["value"]
        assert shop.send("DELETE", uri, token=value).status_code == 204
        sandbox.clock(61)
        eventually(lambda: sandbox.balance("worker") == 1000)

    def test_a_lost_answer_of_the_receivers_wallet_pays_once(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        sandbox.faults({"match": {"operation": "deliver", "from": "wallet"}, "do": "reset-after", "times": 1})
        paid = self.pay(sandbox, shop, payer, worker)
        eventually(lambda: paid.now()["sentAmount"] == amount(54))
        assert sandbox.balance("worker") == 1000

    def test_a_receiver_out_of_reach_is_given_up_in_the_end(
        self, shop: WalletClient, sandbox: SandboxProcess, payer: str
    ) -> None:
        with SandboxProcess() as other:
            worker = other.create_wallet("worker", asset="MXN", balance=0)
            receiver = shop.incoming(other, worker, amount(1000, "MXN")).json()["id"]
            quote = shop.quote(sandbox, payer, receiver).json()["id"]
            token = shop.allowed_to_pay(sandbox, payer)
            sandbox.settings(settleDelayMs=1000)
            paid = Paid(shop, token, shop.pay(sandbox, payer, quote, token))
        sandbox.clock(62)
        eventually(lambda: paid.now()["failed"])
        assert sandbox.balance("payer") == 1_000_000

    def test_a_forgotten_payment_is_unknown(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        paid = self.pay(sandbox, shop, payer, worker)
        sandbox.forget(paid.created["id"])
        assert error(shop.send("GET", paid.created["id"], token=paid._token))[0] == 404


def test_payments_are_listed_newest_first_for_their_client(
    sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
) -> None:
    token = shop.allowed_to_pay(sandbox, payer)
    made = [shop.pay(sandbox, payer, quoted(shop, sandbox, payer, worker)["id"], token).json() for _ in range(3)]
    listed = shop.send("GET", f"{sandbox.url}/op/outgoing-payments?wallet-address={payer}&first=2", token=token).json()
    assert [item["id"] for item in listed["result"]] == [made[2]["id"], made[1]["id"]]
    assert listed["result"][0]["quoteId"] == made[2]["quoteId"]
    assert not any(name.startswith("grantSpent") for name in listed["result"][0])
