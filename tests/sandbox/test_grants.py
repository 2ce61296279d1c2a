"""Grants, interactions and tokens, as strict as real authorization servers keep them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from payments.openpayments.interaction import hash_matches
from tests.sandbox.client import FINISH_URI, NONCE, WalletClient, amount, error, interact
from tests.sandbox.process import SandboxProcess, SandboxRefusedError


def asked(shop: WalletClient, sandbox: SandboxProcess, payer: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = shop.ask_to_pay(sandbox, payer, {"debitAmount": amount(1000)}, **more).json()
    return answer


def reference(finish: str) -> str:
    return httpx.URL(finish).params["interact_ref"]


class TestGrantRequests:
    def test_an_issued_token_carries_what_the_specification_allows_and_nothing_else(
        self, sandbox: SandboxProcess, shop: WalletClient
    ) -> None:
        answer = shop.ask(sandbox, [{"type": "quote", "actions": ["create", "read"]}]).json()
        assert set(answer) == {"access_token", "continue"}
        assert set(answer["access_token"]) == {"value", "manage", "expires_in", "access"}
        assert answer["access_token"]["expires_in"] == 600
        assert set(answer["continue"]) == {"access_token", "uri"}

    def test_a_person_is_asked_before_money_leaves(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str
    ) -> None:
        answer = asked(shop, sandbox, payer)
        assert set(answer) == {"interact", "continue"}
        assert set(answer["interact"]) == {"redirect", "finish"}
        assert answer["continue"]["wait"] == 5

    def test_a_client_without_a_public_name_is_told_something_misleading(
        self, sandbox: SandboxProcess, http: httpx.Client, payer: str
    ) -> None:
        nameless = WalletClient.at(sandbox, http, "nameless", public_name=None)
        answer = nameless.ask_to_pay(sandbox, payer)
        assert error(answer) == (400, "invalid_client", "missing required request field 'client'")
        assert nameless.ask(sandbox, [{"type": "quote", "actions": ["create"]}]).status_code == 200

    def test_outgoing_payments_need_interact(self, sandbox: SandboxProcess, shop: WalletClient, payer: str) -> None:
        answer = shop.ask(sandbox, [{"type": "outgoing-payment", "actions": ["create"], "identifier": payer}])
        assert error(answer)[:2] == (400, "invalid_request")

    def test_interact_does_no_harm_where_nobody_need_be_asked(
        self, sandbox: SandboxProcess, shop: WalletClient
    ) -> None:
        access = [{"type": "incoming-payment", "actions": ["read-all"]}]
        answer = shop.ask(sandbox, access, interact=interact(finish=False))
        assert "access_token" in answer.json()

    @pytest.mark.parametrize(
        "access",
        [
            [],
            [{"type": "quote", "actions": ["create"]}] * 2,
            [{"type": "incoming-payment", "actions": [action]} for action in ("create", "read", "list", "complete")],
            [{"type": "quote", "actions": ["create"], "identifier": "https://wallet.example/a"}],
            [{"type": "quote", "actions": ["list"]}],
            [{"type": "quote", "actions": []}],
            [{"type": "quote"}],
            [{"type": "treasure", "actions": ["create"]}],
            [{"type": "outgoing-payment", "actions": ["create"]}],
            [{"type": "incoming-payment", "actions": ["create"], "limits": {}}],
        ],
    )
    def test_access_that_breaks_the_schema_is_refused_without_a_code(
        self, sandbox: SandboxProcess, shop: WalletClient, access: list[dict[str, Any]]
    ) -> None:
        assert error(shop.ask(sandbox, access))[:2] == (400, None)

    @pytest.mark.parametrize(
        "limits",
        [
            {"debitAmount": amount(1), "receiveAmount": amount(1)},
            {"debitAmount": {"value": 1, "assetCode": "USD", "assetScale": 2}},
            {"debitAmount": {"value": "-1", "assetCode": "USD", "assetScale": 2}},
            {"receiver": "https://wallet.example/quotes/1"},
            {"interval": "R3/2026-01-01T00:00:00Z"},
            {"interval": "R0/2026-01-01T00:00:00Z/P1M"},
            {"interval": "R3/2026-01-01/P1M"},
            {"interval": "R3/2026-01-01T00:00:00Z/P"},
            {"anything": "else"},
        ],
    )
    def test_limits_that_make_no_sense_are_refused(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, limits: dict[str, Any]
    ) -> None:
        assert error(shop.ask_to_pay(sandbox, payer, limits))[:2] == (400, None)

    def test_a_wallet_that_is_not_here_is_refused(self, sandbox: SandboxProcess, shop: WalletClient) -> None:
        answer = shop.ask_to_pay(sandbox, f"{sandbox.url}/nobody")
        assert error(answer)[:2] == (400, "invalid_request")

    def test_json_has_to_be_acceptable(self, sandbox: SandboxProcess) -> None:
        answer = httpx.post(f"{sandbox.url}/auth", headers={"Accept": "text/html"}, trust_env=False)
        assert answer.status_code == 406

    def test_what_is_not_json_is_refused(self, sandbox: SandboxProcess) -> None:
        for headers, content in (({"Content-Type": "text/plain"}, b"{}"), ({"Content-Type": "application/json"}, b"{")):
            answer = httpx.post(f"{sandbox.url}/auth", headers=headers, content=content, trust_env=False)
            assert error(answer)[:2] == (400, None)

    def test_a_body_beyond_all_measure_is_refused_in_plain_text(self, sandbox: SandboxProcess) -> None:
        answer = httpx.post(f"{sandbox.url}/auth", content=b"x" * 2_000_000, trust_env=False)
        assert answer.status_code == 413
        assert answer.headers["content-type"].startswith("text/plain")


class TestTheInteraction:
    def test_the_wait_is_enforced_and_harms_nothing(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str
    ) -> None:
        answer = asked(shop, sandbox, payer)
        ref = reference(sandbox.approve(answer["interact"]["redirect"]))
        assert error(shop.continue_(answer["continue"], ref))[:2] == (400, "too_fast")
        sandbox.clock(6)
        assert shop.continue_(answer["continue"], ref).status_code == 200

    def test_a_reference_is_good_once(self, sandbox: SandboxProcess, shop: WalletClient, payer: str) -> None:
        sandbox.settings(waitSeconds=0)
        answer = asked(shop, sandbox, payer)
        ref = reference(sandbox.approve(answer["interact"]["redirect"]))
        first = shop.continue_(answer["continue"], ref)
        assert set(first.json()) == {"continue", "access_token"}
        assert error(shop.continue_(answer["continue"], ref))[:2] == (401, "request_denied")

    def test_two_continues_may_give_two_tokens_where_a_wallet_is_like_that(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str
    ) -> None:
        sandbox.settings(waitSeconds=0, repeatableContinue=True)
        answer = asked(shop, sandbox, payer)
        ref = reference(sandbox.approve(answer["interact"]["redirect"]))
        tokens = {shop.continue_(answer["continue"], ref).json()["access_token"]["value"] for _ in range(2)}
        assert len(tokens) == 2

    def test_another_reference_or_a_rejected_grant_is_not_found(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str
    ) -> None:
        sandbox.settings(waitSeconds=0)
        answer = asked(shop, sandbox, payer)
        sandbox.approve(answer["interact"]["redirect"])
        assert error(shop.continue_(answer["continue"], "guessed"))[:2] == (404, "invalid_continuation")
        rejected = asked(shop, sandbox, payer)
        finish = sandbox.reject(rejected["interact"]["redirect"])
        assert finish == f"{FINISH_URI}&result=grant_rejected"
        assert error(shop.continue_(rejected["continue"], "any"))[:2] == (404, "invalid_continuation")

    def test_a_wrong_continue_token_is_refused(self, sandbox: SandboxProcess, shop: WalletClient, payer: str) -> None:
        answer = asked(shop, sandbox, payer)
        wrong = {**answer["continue"], "access_token": {"value": "WRONG"}}
        assert error(shop.continue_(wrong, "any"))[:2] == (401, "invalid_continuation")

    def test_a_grant_with_a_way_back_cannot_be_polled(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str
    ) -> None:
        sandbox.settings(waitSeconds=0)
        answer = asked(shop, sandbox, payer)
        sandbox.approve(answer["interact"]["redirect"])
        assert error(shop.continue_(answer["continue"]))[:2] == (401, "request_denied")

    def test_a_grant_without_a_way_back_is_polled(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str
    ) -> None:
        answer = asked(shop, sandbox, payer, finish=False)
        assert error(shop.continue_(answer["continue"]))[:2] == (400, "too_fast")
        sandbox.clock(6)
        waiting = shop.continue_(answer["continue"])
        assert set(waiting.json()) == {"continue"}
        assert error(shop.continue_(answer["continue"]))[:2] == (400, "too_fast")
        assert sandbox.approve(answer["interact"]["redirect"]) == ""
        sandbox.clock(12)
        assert "access_token" in shop.continue_(answer["continue"]).json()

    def test_a_decision_comes_once_and_in_time(self, sandbox: SandboxProcess, shop: WalletClient, payer: str) -> None:
        answer = asked(shop, sandbox, payer)
        sandbox.approve(answer["interact"]["redirect"])
        with pytest.raises(SandboxRefusedError):
            sandbox.reject(answer["interact"]["redirect"])
        late = asked(shop, sandbox, payer)
        sandbox.clock(601)
        with pytest.raises(SandboxRefusedError):
            sandbox.approve(late["interact"]["redirect"])
        assert error(shop.continue_(late["continue"], "any"))[0] == 404

    def test_a_cancelled_grant_is_gone_with_its_tokens(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str
    ) -> None:
        sandbox.settings(waitSeconds=0)
        answer = asked(shop, sandbox, payer)
        ref = reference(sandbox.approve(answer["interact"]["redirect"]))
        token = shop.continue_(answer["continue"], ref).json()["access_token"]["value"]
        uri, value = answer["continue"]["uri"], answer["continue"]["access_token"]["value"]
        assert shop.send("DELETE", uri, token=value).status_code == 204
        assert error(shop.send("DELETE", uri, token=value))[:2] == (401, "invalid_continuation")
        listing = f"{sandbox.url}/op/outgoing-payments?wallet-address={payer}"
        assert error(shop.send("GET", listing, token=token)) == (403, "403", "Inactive Token")

    @pytest.mark.parametrize(("encoding", "slash"), [("base64", True), ("base64url", False), ("base64url", True)])
    def test_wallets_differ_in_how_they_hash(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str, encoding: str, slash: bool
    ) -> None:
        sandbox.settings(hashEncoding=encoding, hashTrailingSlash=slash)
        answer = asked(shop, sandbox, payer)
        finish = httpx.URL(sandbox.approve(answer["interact"]["redirect"])).params
        assert ("=" in finish["hash"]) == (encoding == "base64")
        assert hash_matches(
            finish["hash"],
            nonce=NONCE,
            finish=answer["interact"]["finish"],
            interact_ref=finish["interact_ref"],
            auth_server=f"{sandbox.url}/auth",
        )

    def test_whose_wallet_it_is_is_said_by_the_person(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str
    ) -> None:
        sandbox.settings(waitSeconds=0)
        subject = {"sub_ids": [{"id": payer, "format": "uri"}]}
        body = {"client": shop.signer.client, "subject": subject, "interact": interact()}
        answer = shop.send("POST", f"{sandbox.url}/auth", body).json()
        ref = reference(sandbox.approve(answer["interact"]["redirect"]))
        granted = shop.continue_(answer["continue"], ref).json()
        assert granted["subject"] == subject
        assert "access_token" not in granted

    def test_a_subject_is_one_wallet_of_this_provider(
        self, sandbox: SandboxProcess, shop: WalletClient, payer: str
    ) -> None:
        one = {"id": payer, "format": "uri"}
        for ids, code in (([one, one], None), ([], None), ([{"id": f"{payer}-x", "format": "uri"}], "invalid_request")):
            body = {"client": shop.signer.client, "subject": {"sub_ids": ids}, "interact": interact()}
            assert error(shop.send("POST", f"{sandbox.url}/auth", body))[:2] == (400, code)


class TestTokens:
    def issued(self, shop: WalletClient, sandbox: SandboxProcess) -> dict[str, Any]:
        answer = shop.ask(sandbox, [{"type": "incoming-payment", "actions": ["create", "list"]}]).json()
        token: dict[str, Any] = answer["access_token"]
        return token

    def works(self, shop: WalletClient, sandbox: SandboxProcess, token: str) -> bool:
        address = shop.signer.wallet_address
        return shop.send("GET", f"{sandbox.url}/op/incoming-payments?wallet-address={address}", token=token).is_success

    def test_a_rotated_token_replaces_the_old_one_and_its_address(
        self, sandbox: SandboxProcess, shop: WalletClient
    ) -> None:
        old = self.issued(shop, sandbox)
        new = shop.send("POST", old["manage"], token=old["value"]).json()["access_token"]
        assert self.works(shop, sandbox, new["value"])
        assert not self.works(shop, sandbox, old["value"])
        assert error(shop.send("POST", old["manage"], token=old["value"]))[:2] == (404, "invalid_rotation")
        assert error(shop.send("POST", new["manage"], token=old["value"]))[:2] == (404, "invalid_rotation")

    def test_of_five_rotations_at_once_one_wins(self, sandbox: SandboxProcess, shop: WalletClient) -> None:
        old = self.issued(shop, sandbox)
        with ThreadPoolExecutor(5) as pool:
            answers = list(pool.map(lambda _: shop.send("POST", old["manage"], token=old["value"]), range(5)))
        assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404, 404]

    def test_an_expired_token_is_dead_and_can_be_rotated_until_it_is_purged(
        self, sandbox: SandboxProcess, shop: WalletClient
    ) -> None:
        old = self.issued(shop, sandbox)
        sandbox.clock(601)
        assert not self.works(shop, sandbox, old["value"])
        new = shop.send("POST", old["manage"], token=old["value"]).json()["access_token"]
        assert self.works(shop, sandbox, new["value"])
        sandbox.clock(601 + 600 + 31 * 86_400)
        assert error(shop.send("POST", new["manage"], token=new["value"]))[:2] == (404, "invalid_rotation")

    def test_a_revoked_token_is_dead(self, sandbox: SandboxProcess, shop: WalletClient) -> None:
        token = self.issued(shop, sandbox)
        assert shop.send("DELETE", token["manage"], token=token["value"]).status_code == 204
        assert not self.works(shop, sandbox, token["value"])

    @pytest.mark.parametrize(("status", "words"), [(403, "Inactive Token"), (401, "Invalid Token")])
    def test_a_dead_token_has_two_names(
        self, sandbox: SandboxProcess, shop: WalletClient, status: int, words: str
    ) -> None:
        sandbox.settings(deadTokenStatus=status)
        address = shop.signer.wallet_address
        answer = shop.send("GET", f"{sandbox.url}/op/incoming-payments?wallet-address={address}", token="BOGUS")
        assert error(answer) == (status, str(status), words)
