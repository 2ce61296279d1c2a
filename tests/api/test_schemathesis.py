"""Whatever a program sends, the API answers what its OpenAPI document says, and nothing else.

schemathesis makes up requests from the document, good and bad ones, alone and one after the other, and holds every
answer against it by all of its checks. API_EXAMPLES says how many of each sort it makes up for an operation.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from pytest_django import Settings

from jobs.models import Job
from payments.api import keys
from payments.buckets import Rate
from tests import cast
from tests.driver import Stage
from tests.fixtures import stage
from tests.jobs.test_api import Program, job
from tests.jobs.test_api_work import worker_of_ours
from tests.sandbox.fixtures import sandbox, sandbox_process

if TYPE_CHECKING:
    from schemathesis import BaseSchema

__all__ = ["job", "sandbox", "sandbox_process", "stage"]
EXAMPLES: Final = int(os.environ.get("API_EXAMPLES", "6"))
#: Of one story.
STEPS: Final = 6
CHECKS: Final = {
    # Understood, and still it can't be done: nobody's wallet, no such seller, wallets that don't answer, another ETag.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "403", "404", "409", "412", "422", "428", "503"]},
    "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "412", "413", "422", "428"]},
    "not_a_server_error": {"expected-statuses": ["2xx", "4xx", "503"]},
}
MADE_UP: Final = hypothesis_settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def program(stage: Stage, job: Job, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """One that may do everything, as often as it likes, among rows that it can find."""
    monkeypatch.setattr(keys, "OF_A_KEY", Rate(at_once=10**9, a_second=10**6))
    cast.handed_in(cast.applied(job, cast.member("Ana Pérez", wallet=stage.worker)))
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # the test's transaction is on it, as with Django's own client
    yield Program(by=worker_of_ours())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def schema(program: Program, settings: Settings) -> "BaseSchema":
    import schemathesis  # noqa: PLC0415 - takes half a second, which only these tests need
    from schemathesis.config import SchemathesisConfig  # noqa: PLC0415

    settings.ALLOWED_HOSTS = ["localhost"]
    # The document has no word for NUL, which is refused wherever it is; `test_api_work` sends it.
    told = {
        "headers": {"Authorization": f"Bearer {program.token}"},
        "checks": CHECKS,
        "generation": {"allow-x00": False},
    }
    config = SchemathesisConfig.from_dict(told)
    return schemathesis.openapi.from_wsgi("/api/openapi.json", WSGIHandler(), config=config)


@pytest.mark.prove
def test_every_operation_answers_what_its_document_says(schema: "BaseSchema") -> None:
    from schemathesis import GenerationMode  # noqa: PLC0415
    from schemathesis.core.result import Ok  # noqa: PLC0415

    faults = []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        modes = list(GenerationMode)
        edges = schema.iter_coverage_cases(
            operation, generation_modes=modes, generation_config=schema.config.generation
        )
        for case in edges:
            faults += _faults(operation.label, partial(case.call_and_validate, headers=schema.config.headers))
        for mode in modes:
            faults += _faults(operation.label, _made_up(operation.as_strategy(generation_mode=mode)))
    assert not faults, "\n\n".join(faults)


def _made_up(cases: SearchStrategy[Any]) -> Callable[[], None]:
    """A look at what some of them are answered."""

    @MADE_UP
    @given(cases)
    def holds(case: Any) -> None:
        case.call_and_validate()

    return holds


def _faults(label: str, look: Callable[[], Any]) -> list[str]:
    """What it finds wrong. Where nothing can be sent wrongly there is nothing to find."""
    try:
        look()
    except Unsatisfiable:
        pass
    except BaseExceptionGroup as found:
        return [f"{label}: {found}"]
    return []


@pytest.mark.prove
def test_so_does_each_in_any_order(schema: "BaseSchema") -> None:
    """One goes on with what another one made, by the links of the document."""
    schema.as_state_machine().run(settings=MADE_UP)
