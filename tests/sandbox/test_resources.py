"""Incoming payments, quotes and lists, as strict as real resource servers keep them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.sandbox.client import WalletClient, amount, error, eventually
from tests.sandbox.process import SandboxProcess


def get(shop: WalletClient, sandbox: SandboxProcess, url: str, kind: str = "incoming-payment") -> httpx.Response:
    return shop.send("GET", url, token=shop.token(sandbox, kind, "read"))


class TestWalletAddresses:
    def test_programs_read_json(self, sandbox: SandboxProcess, payer: str) -> None:
        answer = httpx.get(payer, trust_env=False).json()
        assert answer == {
            "id": payer,
            "publicName": "Payer",
            "assetCode": "USD",
            "assetScale": 2,
            "authServer": f"{sandbox.url}/auth",
            "resourceServer": f"{sandbox.url}/op",
        }

    def test_every_wallet_publishes_its_own_key(self, sandbox: SandboxProcess, payer: str) -> None:
        (key,) = httpx.get(f"{payer}/jwks.json", trust_env=False).json()["keys"]
        assert key["kid"] == sandbox.wallet("payer")["keyId"]
        assert set(key) == {"kid", "alg", "kty", "crv", "use", "x"}

    @pytest.mark.parametrize("change", ["{}-2", "{}/", "{}/jwks", "{}%20"])
    def test_other_addresses_are_not_found(self, payer: str, change: str) -> None:
        assert httpx.get(change.format(payer), trust_env=False).status_code == 404

    def test_a_closed_wallet_is_not_found(self, sandbox: SandboxProcess, shop: WalletClient, payer: str) -> None:
        sandbox.change_wallet("payer", disabled=True)
        assert error(httpx.get(payer, trust_env=False)) == (404, "404", "Could not get wallet address")
        assert error(shop.incoming(sandbox, payer, None)) == (400, "400", "Could not get wallet address")

    def test_a_moved_wallet_may_answer_at_its_old_address_with_its_new_id(
        self, sandbox: SandboxProcess, payer: str
    ) -> None:
        sandbox.change_wallet("payer", name="payer-new", keepOld=True)
        assert httpx.get(payer, trust_env=False).json()["id"] == f"{payer}-new"


class TestIncomingPayments:
    def test_a_new_one_is_open_and_has_received_nothing(
        self, sandbox: SandboxProcess, shop: WalletClient, worker: str
    ) -> None:
        answer = shop.incoming(sandbox, worker, amount(100, "MXN"), metadata={"ref": "ñ"})
        payment = answer.json()
        assert answer.status_code == 201
        assert payment["receivedAmount"] == amount(0, "MXN")
        assert payment["completed"] is False
        assert payment["metadata"] == {"ref": "ñ"}
        assert [method["type"] for method in payment["methods"]] == ["ilp"]
        assert get(shop, sandbox, payment["id"]).json() == payment

    def test_without_a_token_only_the_way_to_ask_is_shown(
        self, sandbox: SandboxProcess, shop: WalletClient, worker: str
    ) -> None:
        payment = shop.incoming(sandbox, worker, amount(100, "MXN")).json()
        public = httpx.get(payment["id"], trust_env=False).json()
        assert public == {"authServer": f"{sandbox.url}/auth", "receivedAmount": amount(0, "MXN")}

    @pytest.mark.parametrize(
        "wrong",
        [amount(100), amount(100, "MXN", 3), amount(0, "MXN"), amount(2**63, "MXN")],
        ids=["another currency", "another scale", "zero", "too large"],
    )
    def test_amounts_must_fit_the_wallet(
        self, sandbox: SandboxProcess, shop: WalletClient, worker: str, wrong: dict[str, Any]
    ) -> None:
        assert error(shop.incoming(sandbox, worker, wrong)) == (400, "400", "invalid amount")

    @pytest.mark.parametrize("days", [-1, 31])
    def test_expiry_lies_within_thirty_days(
        self, sandbox: SandboxProcess, shop: WalletClient, worker: str, days: int
    ) -> None:
        expires_at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        answer = shop.incoming(sandbox, worker, None, expiresAt=expires_at)
        assert error(answer) == (400, "400", "invalid expiresAt")

    @pytest.mark.parametrize(
        "more",
        [
            {"note": "x"},
            {"expiresAt": "tomorrow"},
            {"metadata": []},
            {"walletAddress": "http://[::1"},
            {"walletAddress": 7},
        ],
    )
    def test_the_body_is_a_closed_schema(
        self, sandbox: SandboxProcess, shop: WalletClient, worker: str, more: dict[str, Any]
    ) -> None:
        assert error(shop.incoming(sandbox, worker, None, **more))[:2] == (400, "400")

    def test_an_unpaid_one_that_expires_disappears(
        self, sandbox: SandboxProcess, shop: WalletClient, worker: str
    ) -> None:
        expires_at = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
        unpaid = shop.incoming(sandbox, worker, amount(100, "MXN"), expiresAt=expires_at).json()["id"]
        partly = shop.incoming(sandbox, worker, amount(100, "MXN"), expiresAt=expires_at).json()["id"]
        sandbox.pay_in(partly, 40)
        sandbox.clock(61)
        assert error(get(shop, sandbox, unpaid))[0] == 404
        kept = get(shop, sandbox, partly).json()
        assert (kept["receivedAmount"], kept["methods"]) == (amount(40, "MXN"), [])
        assert (
            shop.send(
                "POST", f"{partly}/complete", token=shop.token(sandbox, "incoming-payment", "complete")
            ).status_code
            == 409
        )
        sandbox.settings(unknownResourceStatus=401)
        assert error(get(shop, sandbox, unpaid))[0] == 401

    def test_completing_happens_once_and_closes_it(
        self, sandbox: SandboxProcess, shop: WalletClient, worker: str
    ) -> None:
        payment = shop.incoming(sandbox, worker, amount(100, "MXN")).json()["id"]
        token = shop.token(sandbox, "incoming-payment", "complete")
        completed = shop.send("POST", f"{payment}/complete", token=token).json()
        assert completed["completed"] is True
        assert "methods" not in completed
        assert error(shop.send("POST", f"{payment}/complete", token=token)) == (409, "409", "wrong state")
        assert get(shop, sandbox, payment).json()["methods"] == []
        assert sandbox.pay_in(payment, 100) == 0

    def test_it_takes_no_more_than_it_asked_for(self, sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
        payment = shop.incoming(sandbox, worker, amount(100, "MXN")).json()["id"]
        assert (sandbox.pay_in(payment, 60), sandbox.pay_in(payment, 60)) == (60, 40)
        assert get(shop, sandbox, payment).json()["completed"] is True
        assert sandbox.balance("worker") == 100

    def test_one_without_an_amount_stays_open_when_paid(
        self, sandbox: SandboxProcess, shop: WalletClient, worker: str
    ) -> None:
        payment = shop.incoming(sandbox, worker, None).json()["id"]
        sandbox.pay_in(payment, 60)
        assert get(shop, sandbox, payment).json()["completed"] is False

    def test_scope_is_the_client_the_wallet_and_the_action(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        payment = shop.incoming(sandbox, worker, amount(100, "MXN")).json()["id"]
        create_only = shop.token(sandbox, "incoming-payment", "create")
        assert error(shop.send("GET", payment, token=create_only)) == (403, "403", "Insufficient Grant")
        elsewhere = shop.token(sandbox, "incoming-payment", "read", identifier=payer)
        assert error(shop.send("GET", payment, token=elsewhere)) == (403, "403", "Insufficient Grant")
        other = WalletClient.at(sandbox, shop.http, "other")
        assert error(get(other, sandbox, payment))[0] == 404
        everyones = other.token(sandbox, "incoming-payment", "read-all")
        assert other.send("GET", payment, token=everyones).status_code == 200
        bearer = httpx.get(payment, headers={"Authorization": "Bearer x"}, trust_env=False)
        assert error(bearer) == (401, "401", "Unauthorized")
        assert bearer.headers["www-authenticate"] == f"GNAP as_uri={sandbox.url}/auth"


class TestLists:
    def listed(self, shop: WalletClient, sandbox: SandboxProcess, query: str) -> httpx.Response:
        token = shop.token(sandbox, "incoming-payment", "list")
        return shop.send("GET", f"{sandbox.url}/op/incoming-payments?{query}", token=token)

    def test_newest_first_forwards_and_back(self, sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
        made = [shop.incoming(sandbox, worker, None).json()["id"] for _ in range(5)][::-1]
        first = self.listed(shop, sandbox, f"wallet-address={worker}&first=2").json()
        assert [item["id"] for item in first["result"]] == made[:2]
        assert first["pagination"] == {
            "startCursor": made[0].rpartition("/")[2],
            "endCursor": made[1].rpartition("/")[2],
            "hasNextPage": True,
            "hasPreviousPage": False,
        }
        cursor = first["pagination"]["endCursor"]
        second = self.listed(shop, sandbox, f"wallet-address={worker}&first=3&cursor={cursor}").json()
        assert [item["id"] for item in second["result"]] == made[2:]
        assert (second["pagination"]["hasNextPage"], second["pagination"]["hasPreviousPage"]) == (False, True)
        cursor = second["pagination"]["startCursor"]
        back = self.listed(shop, sandbox, f"wallet-address={worker}&last=1&cursor={cursor}").json()
        assert [item["id"] for item in back["result"]] == [made[1]]
        assert "methods" not in back["result"][0]

    def test_an_empty_page_has_no_cursors(self, sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
        answer = self.listed(shop, sandbox, f"wallet-address={worker}").json()
        assert answer == {"pagination": {"hasNextPage": False, "hasPreviousPage": False}, "result": []}

    def test_twenty_by_default(self, sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
        token = shop.token(sandbox, "incoming-payment", "create")
        for _ in range(21):
            shop.send("POST", f"{sandbox.url}/op/incoming-payments", {"walletAddress": worker}, token=token)
        assert len(self.listed(shop, sandbox, f"wallet-address={worker}").json()["result"]) == 20

    @pytest.mark.parametrize("query", ["first=101", "first=0", "first=x", "last=2", "first=1&last=1", "cursor=gone"])
    def test_senseless_pages_are_refused(
        self, sandbox: SandboxProcess, shop: WalletClient, worker: str, query: str
    ) -> None:
        assert error(self.listed(shop, sandbox, f"wallet-address={worker}&{query}"))[0] == 400

    def test_the_wallet_is_named_exactly(self, sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
        for query in ("", f"wallet-address={worker}/"):
            assert error(self.listed(shop, sandbox, query))[0] == 400

    def test_a_client_sees_its_own_whatever_the_grant(
        self, sandbox: SandboxProcess, shop: WalletClient, worker: str
    ) -> None:
        mine = shop.incoming(sandbox, worker, None).json()["id"]
        other = WalletClient.at(sandbox, shop.http, "other")
        other.incoming(sandbox, worker, None)
        items = self.listed(shop, sandbox, f"wallet-address={worker}").json()["result"]
        assert [item["id"] for item in items] == [mine]


class TestQuotes:
    def priced(
        self, sandbox: SandboxProcess, shop: WalletClient, receiver: str, payer: str, **asked: Any
    ) -> tuple[str, str]:
        quote = shop.quote(sandbox, payer, receiver, **asked).json()
        return quote["debitAmount"]["value"], quote["receiveAmount"]["value"]

    def test_rates_are_exact_and_round_against_the_payer(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        open_ended = shop.incoming(sandbox, worker, None).json()["id"]
        # 0.054 dollars a peso: a centavo of a peso costs 0.054 cents, rounded up to one.
        assert self.priced(sandbox, shop, open_ended, payer, receiveAmount=amount(1, "MXN")) == ("1", "1")
        assert self.priced(sandbox, shop, open_ended, payer, receiveAmount=amount(1000, "MXN")) == ("54", "1000")
        assert self.priced(sandbox, shop, open_ended, payer, receiveAmount=amount(1001, "MXN")) == ("55", "1001")
        assert self.priced(sandbox, shop, open_ended, payer, debitAmount=amount(54)) == ("54", "1000")
        assert self.priced(sandbox, shop, open_ended, payer, debitAmount=amount(55)) == ("55", "1018")

    def test_currencies_without_minor_units(self, sandbox: SandboxProcess, shop: WalletClient, payer: str) -> None:
        tokyo = sandbox.create_wallet("tokyo", asset="JPY", scale=0, balance=0)
        receiver = shop.incoming(sandbox, tokyo, amount(1500, "JPY", 0)).json()["id"]
        assert self.priced(sandbox, shop, receiver, payer) == ("990", "1500")

    def test_a_sending_fee_comes_on_top(self, sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
        costly = sandbox.create_wallet("costly", asset="MXN", fee={"fixed": 500, "percentBps": 150})
        receiver = shop.incoming(sandbox, worker, None).json()["id"]
        assert self.priced(sandbox, shop, receiver, costly, receiveAmount=amount(10_000, "MXN")) == ("10650", "10000")
        assert self.priced(sandbox, shop, receiver, costly, debitAmount=amount(10_650, "MXN")) == ("10650", "10000")
        assert self.priced(sandbox, shop, receiver, costly, debitAmount=amount(10_651, "MXN")) == ("10651", "10000")
        assert self.priced(sandbox, shop, receiver, costly, receiveAmount=amount(1, "MXN")) == ("502", "1")

    def test_too_little_says_what_would_be_enough(
        self, sandbox: SandboxProcess, shop: WalletClient, worker: str
    ) -> None:
        costly = sandbox.create_wallet("costly", asset="MXN", fee={"fixed": 500, "percentBps": 150})
        receiver = shop.incoming(sandbox, worker, None).json()["id"]
        answer = shop.quote(sandbox, costly, receiver, debitAmount=amount(500, "MXN"))
        assert error(answer) == (400, "400", "non-positive receive amount")
        assert answer.json()["error"]["details"] == {"minSendAmount": amount(502, "MXN")}

    def test_what_is_left_is_quoted(self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str) -> None:
        receiver = shop.incoming(sandbox, worker, amount(1000, "MXN")).json()["id"]
        sandbox.pay_in(receiver, 400)
        assert self.priced(sandbox, shop, receiver, payer)[1] == "600"
        too_much = shop.quote(sandbox, payer, receiver, receiveAmount=amount(601, "MXN"))
        assert error(too_much) == (400, "400", "invalid amount")

    def test_an_amount_is_needed_when_the_receiver_names_none(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        receiver = shop.incoming(sandbox, worker, None).json()["id"]
        assert error(shop.quote(sandbox, payer, receiver)) == (400, "400", "invalid amount")
        for wrong in ({"debitAmount": amount(1, "MXN")}, {"receiveAmount": amount(1)}, {"debitAmount": amount(0)}):
            assert error(shop.quote(sandbox, payer, receiver, **wrong)) == (400, "400", "invalid amount")
        both = {"debitAmount": amount(1), "receiveAmount": amount(1, "MXN")}
        assert error(shop.quote(sandbox, payer, receiver, **both))[0] == 400

    def test_what_cannot_be_paid_is_an_invalid_receiver(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        done = shop.incoming(sandbox, worker, amount(1, "MXN")).json()["id"]
        sandbox.complete(done)
        for receiver in (
            done,
            f"{sandbox.url}/op/incoming-payments/00000000-0000-4000-8000-000000000000",
            "http://127.0.0.1:1/op/incoming-payments/1",
            f"{worker}/incoming-payments/1",
        ):
            assert error(shop.quote(sandbox, payer, receiver)) == (400, "400", "invalid receiver")

    def test_a_receiver_that_is_no_address_breaks_the_schema(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str
    ) -> None:
        for receiver in (
            "http://127.0.0.1:99999/incoming-payments/1",
            "http://[/incoming-payments/1",
            "incoming-payments",
        ):
            assert error(shop.quote(sandbox, payer, receiver))[0] == 400

    def test_it_expires_with_its_receiver(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=60)
        receiver = shop.incoming(sandbox, worker, amount(1, "MXN"), expiresAt=soon.isoformat()).json()["id"]
        quote = shop.quote(sandbox, payer, receiver).json()
        assert datetime.fromisoformat(quote["expiresAt"]) == soon

    def test_currencies_without_a_rate_crash_the_wallet(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str
    ) -> None:
        sandbox.settings(noRouteSeconds=0)
        odd = sandbox.create_wallet("odd", asset="XTS", balance=0)
        receiver = shop.incoming(sandbox, odd, amount(1, "XTS")).json()["id"]
        answer = shop.quote(sandbox, payer, receiver)
        assert (answer.status_code, answer.text) == (500, "Internal Server Error")

    def test_it_can_be_read_by_who_made_it(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
    ) -> None:
        receiver = shop.incoming(sandbox, worker, amount(1, "MXN")).json()["id"]
        quote = shop.quote(sandbox, payer, receiver).json()
        assert get(shop, sandbox, quote["id"], "quote").json() == quote
        other = WalletClient.at(sandbox, shop.http, "other")
        assert error(get(other, sandbox, quote["id"], "quote"))[0] == 404


def test_two_accounts_of_one_process_pay_each_other_while_it_fetches_its_own_keys(
    sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
) -> None:
    receivers = [shop.incoming(sandbox, worker, amount(100, "MXN")).json()["id"] for _ in range(5)]
    token = shop.allowed_to_pay(sandbox, payer)
    for receiver in receivers:
        quote = shop.quote(sandbox, payer, receiver).json()["id"]
        assert shop.pay(sandbox, payer, quote, token).status_code == 201
    eventually(lambda: sandbox.balance("worker") == 500)
