"""Every operation of the OpenAPI document, a new one too, is closed to whoever may not do just this."""

import json
from datetime import timedelta
from typing import Any, Final, NamedTuple

import pytest
from django.test import Client

from backoffice.api import api
from ledger import clock
from payments.actions import api_keys, incoming_asks
from payments.actions.incoming_asks import Expected
from payments.api import keys
from payments.buckets import Rate
from payments.models import ApiScope
from payments.openpayments.amounts import Amount
from tests import cast
from tests.jobs.test_api import Program, code
from tests.jobs.test_api_work import worker_of_ours

pytestmark = pytest.mark.django_db
#: An id that looks like one and is nobody's.
NOBODY: Final = {"pending_id": "0" * 26}
#: What an operation on something takes, so that it is refused for that, and not for its body.
BODIES: Final[dict[str, Any]] = {
    "/offers/{offer_id}/quotes/start": {"sellerId": "x", "buyerWalletAddressUrl": "x", "amount": "1"}
}


class Operation(NamedTuple):
    method: str
    path: str
    names: tuple[str, ...]

    def asked_by(self, program: Program, ids: dict[str, str]) -> Any:
        return self.asked_with(program.client, ids)

    def asked_with(self, client: Client, ids: dict[str, str]) -> Any:
        where = self.path.format(**{name: ids.get(name, "0") for name in self.names})
        if self.method == "get":
            return client.get(where)
        return client.generic(self.method.upper(), where, *self._body())

    def _body(self) -> tuple[bytes, str]:
        return json.dumps(BODIES.get(self.path, {})).encode(), "application/json"


@pytest.fixture(scope="module")
def operations() -> list[Operation]:
    paths = api.get_openapi_schema(path_prefix="/")["paths"]
    return [
        Operation(method, path, tuple(told["name"] for told in operation["parameters"] if told["in"] == "path"))
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "OF_A_KEY", Rate(at_once=100_000, a_second=1000))


def test_nobody_is_answered_without_a_key_that_can_be_used(operations: list[Operation]) -> None:
    revoked, expired, gone = Program(), Program(expires_at=clock.now() - timedelta(seconds=1)), cast.person("lupe")
    api_keys.revoke(revoked.key.pk, by=revoked.key.acts_for)
    left = Program(by=gone)
    gone.is_active = False
    gone.save(update_fields=["is_active"])
    token = Program().token
    wrong = {
        name: Client(headers={"Authorization": given})
        for name, given in {
            "another secret": f"Bearer {token[:-3]}AAA",
            "another scheme": f"Basic {token}",
            "no token": "Bearer",
            "only the name": f"Bearer {token[:29]}",
        }.items()
    }
    refused = {"none": Client(), "revoked": revoked.client, "expired": expired.client, "gone": left.client, **wrong}
    for operation in operations:
        for who, client in refused.items():
            answer = operation.asked_with(client, {})
            assert code(answer, 401) == "no_key", (who, operation)
            assert answer["WWW-Authenticate"] == "Bearer"
    assert len(operations) > 20


def test_each_needs_one_scope_and_a_person_who_may(operations: list[Operation]) -> None:
    by = worker_of_ours()
    nothing = Program(by=by, scopes=[])
    powerless = Program(by=cast.person("otto"))
    only = {scope: Program(by=by, scopes=[scope]) for scope in ApiScope}
    all_but = {scope: Program(by=by, scopes=set(ApiScope) - {scope}) for scope in ApiScope}
    for operation in operations:
        answer = operation.asked_by(nothing, NOBODY)
        assert code(answer, 403) == "wrong_scope", operation
        needed = ApiScope(answer.json()["details"]["scope"])
        writes = needed.value.endswith(":write")
        assert writes == (operation.method != "get"), operation
        assert code(operation.asked_by(all_but[needed], NOBODY), 403) == "wrong_scope", operation
        assert code(operation.asked_by(powerless, NOBODY), 403) == "not_permitted", operation
        assert operation.asked_by(only[needed], NOBODY).status_code not in {401, 403}, operation


def test_what_is_another_sources_is_like_what_is_not_there(operations: list[Operation]) -> None:
    """Same status, same code, same words: nobody learns that it is there."""
    ours = cast.asked()
    by = worker_of_ours()
    application = cast.applied(job := cast.job())
    work = cast.handed_in(application)
    shop = Program(by=by)
    holder = cast.holder(id="keeper", is_default=False)
    expected = incoming_asks._write_down(holder, Amount(100, holder.wallet.asset), Expected("1", "", "f"), shop.key)
    there = {
        "incoming_id": expected.pk,
        "pending_id": ours.pk,
        "offer_id": str(job.pk),
        "job_id": str(job.pk),
        "member_id": str(job.funder_id),
        "application_id": str(application.pk),
        "submission_id": str(work.pk),
    }
    other = Program(by=by, marketplace=api_keys.add_marketplace("Voces", ours.seller, by=by))
    about_something = [operation for operation in operations if operation.names]
    for operation in about_something:
        assert set(operation.names) <= set(there), "Add a row of it to this test."
        hidden, unknown = (operation.asked_by(other, ids) for ids in (there, NOBODY))
        assert hidden.status_code in {403, 404}, operation
        assert _without_id(hidden) == _without_id(unknown), operation
        assert code(operation.asked_by(shop, NOBODY), 404) == "not_found", operation
        if operation.method == "get":
            assert operation.asked_by(shop, there).status_code == 200, operation


def _without_id(answer: Any) -> Any:
    told = answer.json()
    del told["details"]["requestId"]
    return answer.status_code, told
