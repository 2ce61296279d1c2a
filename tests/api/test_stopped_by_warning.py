"""What a warning stops a program is told by its name; staff can send it all the same."""

import pytest
from django.test import Client
from django.urls import reverse

from payments.actions import api_keys, requests
from payments.actions.set_risk_levels import set_risk_level
from payments.models import PaymentRequest, RiskLevel
from payments.risk.answers import RiskAnswer
from payments.risk.warnings import unsent_of, warnings_of
from payments.states import RequestState
from tests.cast import person, signed_in, staff
from tests.driver import Stage
from tests.fixtures import sandbox, sandbox_process, short_waits, stage
from tests.jobs.test_api import Program, code

__all__ = ["sandbox", "sandbox_process", "short_waits", "stage"]
WHERE = "/api/payments/requests"


def queues(row: PaymentRequest, reader: Client) -> list[str]:
    """In which of *To do* it stands."""
    found: list[str] = []
    for code_of in ("warned", "quoted"):
        page = reader.get(reverse("admin:to_do"), {"tab": code_of})
        (tab,) = [one for one in page.context["tabs"] if one.tab.code == code_of]
        listed = [todo.key for group in page.context["groups"] for todo in group.rows]
        assert tab.count == len(listed)
        found += [code_of] if row.pk in listed else []
    return found


@pytest.mark.parametrize("level", [RiskLevel.BLOCK, RiskLevel.TICK])
def test_it_is_told_by_its_name_and_goes_on_once_staff_have_sent_it(stage: Stage, level: RiskLevel) -> None:
    set_risk_level("first_payment", level, staff("admin"))
    reader = signed_in(person("lupe", "payments.view_payment", "payments.view_paymentrequest"))
    maria = {"name": "María", "email": "maria@example.org", "walletAddressUrl": stage.worker_url}
    maria |= {"amount": "12.50", "assetCode": "USD"}
    payer = {"name": "Sol", "email": "sol@example.org", "walletAddressUrl": stage.payer_url}
    body = {"title": "Cuentos", "payer": payer, "receivers": [maria]}
    voces = Program(marketplace=api_keys.add_marketplace("Voces", stage.seller, by=stage.staff))
    for _time in range(2):
        stopped = voces.post(WHERE, body, once="V-7")
        assert code(stopped, 409) == "stopped_by_warning"
        row = PaymentRequest.objects.get()
        told = stopped.json()["details"]
        one = {"code": "first_payment", "level": str(level), "paymentId": row.payments.get().pk}
        assert (told["pendingId"], told["warnings"]) == (row.pk, [one])
        assert "María" not in stopped.content.decode(), "what a warning says may be about others"
        assert row.state == RequestState.QUOTED
    assert queues(row, reader) == ["warned"], "nobody has to look for it among what staff quoted"
    may = ("payments.request_paymentrequest", "payments.override_risk")
    looked_at = frozenset(each.key for each in warnings_of(unsent_of(row.pk)))
    requests.send(row.pk, by=person("eva", *may), answer=RiskAnswer(looked_at, "We spoke on the phone."))
    assert queues(row, reader) == []
    sent = voces.post(WHERE, body, once="V-7")
    assert (sent.status_code, sent.json()["pendingId"]) == (200, row.pk)
    assert sent.json()["redirectUrl"]
