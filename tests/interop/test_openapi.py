"""Every request of our client and every answer of our sandbox is what the published OpenAPI documents say."""

from collections.abc import Callable

from payments.actions import requests
from payments.engine.advance import advance
from payments.openpayments import operations
from tests.driver import SECONDS, Stage
from tests.fixtures import stage
from tests.interop import every_operation
from tests.interop.checked import Checked
from tests.interop.conformity import BEYOND_THE_DOCUMENTS
from tests.interop.recording import Recording
from tests.sandbox.process import SandboxProcess
from tests.summaries import SUMMARY

__all__ = ["stage"]


def test_client_and_sandbox_keep_to_the_documents_in_every_operation(
    sandbox: SandboxProcess, recording: Recording, record_property: Callable[[str, object], None]
) -> None:
    with every_operation.product(sandbox) as product:
        every_operation.succeed_at_everything(product)
        every_operation.ask_with_other_limits(product)
        every_operation.be_refused_everything(product)
    checked = Checked(recording.take())
    product_operations = {operation.value for operation in operations.Operation}
    assert set(checked.asked) == set(checked.done) == product_operations
    assert set(BEYOND_THE_DOCUMENTS) <= checked.refusals, "A difference is listed that is none."
    record_property(SUMMARY, f"OpenAPI: {checked}")


def test_the_engine_keeps_to_the_documents_from_asking_to_settled(
    stage: Stage, recording: Recording, record_property: Callable[[str, object], None]
) -> None:
    payer = stage.sandbox.create_wallet("ada", asset="MXN", fee={"fixed": 100, "percentBps": 150})
    assert stage.settled().state == "settled"
    assert stage.settled(payer_url=payer, amount="50.00").state == "settled"
    abandoned = stage.sent()
    stage.at_wallet(abandoned)
    requests.cancel(abandoned.pk, by=stage.staff)
    assert advance(abandoned.pk, SECONDS).state == "cancelled"
    checked = Checked(recording.take())
    assert checked.done["create-outgoing-payment"] == 2
    assert not checked.refusals
    record_property(SUMMARY, f"OpenAPI, driven by the engine: {checked}")
