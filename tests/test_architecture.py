"""Arrows between the rooms run one way: backoffice → jobs → payments → ledger, and no string reaches the other way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture import FORBIDDEN, ROOMS, upward, upward_in_template

ROOT = Path(__file__).resolve().parents[1]


def files(folder: str, pattern: str) -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / folder).rglob(pattern)):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


@pytest.mark.parametrize("room", ROOMS)
def test_no_file_reaches_upward(room: str) -> None:
    sources = list(files(room, "*.py"))
    assert sources, "The check must not pass for want of files."
    found = [str(reach) for path, source in sources for reach in upward(path, source)]
    assert not found, "\n".join(found)


def test_no_template_reaches_upward() -> None:
    texts = [*files("templates", "*.html"), *files("templates", "*.txt")]
    found = [str(reach) for path, text in texts for reach in upward_in_template(path, text)]
    assert not found, "\n".join(found)


def test_every_room_is_known_to_the_check() -> None:
    assert set(ROOMS) <= set(FORBIDDEN)


PLANTED = {
    "a plain import": ("payments/mail.py", "import jobs.models"),
    "an import from": ("payments/mail.py", "from jobs.models import Job"),
    "an import of the package": ("ledger/models/entries.py", "from payments import models"),
    "an import inside a function": ("ledger/entries.py", "def f():\n    from jobs import lifecycle"),
    "an import for types only": ("jobs/admin.py", "if TYPE_CHECKING:\n    from backoffice import roles"),
    "a relative import upward": ("payments/openpayments/client.py", "from .. import models"),
    "a model by name": ("payments/engine.py", "apps.get_model('jobs.Job')"),
    "a model by label and name": ("payments/engine.py", "apps.get_model('jobs', 'Job')"),
    "an import by string": ("ledger/record.py", "import_string('payments.engine.advance')"),
    "a task by path": ("payments/engine.py", "async_task('jobs.tasks.derive_status', pk)"),
    "a schedule by path": ("payments/apps.py", "Schedule(func='backoffice.tasks.sweep')"),
    "a page of the admin": ("payments/admin.py", "reverse('admin:jobs_job_change', args=[1])"),
    "a page by namespace": ("payments/views.py", "reverse('jobs:offer')"),
    "a foreign key by string": ("payments/models/requests.py", "ForeignKey('jobs.Job', on_delete=PROTECT)"),
    "a permission": ("payments/admin.py", "user.has_perm('jobs.change_job')"),
    "a template": ("payments/views.py", "render(request, 'jobs/offer.html')"),
    "a template of the admin": ("payments/admin.py", "render(request, 'admin/jobs/job/panel.html')"),
    "a signal's sender": ("payments/apps.py", "connect(f, sender='jobs.Job')"),
    "Django in the protocol": ("payments/openpayments/client.py", "from django.conf import settings"),
    "the payments app in the protocol": ("payments/openpayments/client.py", "from payments.models import Seller"),
    "the ledger's clock in the protocol": ("payments/openpayments/hash.py", "from ledger import clock"),
    "Django in the sandbox": ("payments/sandbox/server.py", "import django"),
    "the payments app in the sandbox": ("payments/sandbox/server.py", "from payments import engine"),
}


@pytest.mark.parametrize("case", PLANTED)
def test_the_check_sees(case: str) -> None:
    path, source = PLANTED[case]
    assert list(upward(path, source))


HARMLESS = {
    "down to the ledger": ("payments/engine.py", "from ledger import record\nimport ledger.clock"),
    "down by string": ("jobs/models.py", "ForeignKey('payments.WalletAddress', on_delete=PROTECT)"),
    "its own room": ("payments/engine.py", "from payments.models import Payment\nasync_task('payments.tasks.advance')"),
    "the protocol, from itself": ("payments/openpayments/client.py", "from payments.openpayments import amounts"),
    "the protocol, by its own dot": ("payments/openpayments/client.py", "from .amounts import Amount"),
    "the protocol, from the sandbox": (
        "payments/sandbox/server.py",
        "from payments.openpayments.amounts import Amount",
    ),
    "a sentence": ("payments/presentation/reasons.py", "_('The jobs of this member were paid.')"),
    "a docstring": ("payments/engine.py", '"""jobs.models listens to the signal."""'),
    "a word that begins alike": ("ledger/models/entries.py", "from paymentslib import x\nname = 'payments done'"),
    "the whole house, from the top": ("backoffice/navigation.py", "from jobs import models\nPage('payments.payment')"),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_the_check_lets_pass(case: str) -> None:
    path, source = HARMLESS[case]
    assert not [str(reach) for reach in upward(path, source)]


def test_the_check_sees_a_template_that_reaches_upward() -> None:
    assert list(upward_in_template("templates/payments/approve.html", "{% url 'admin:jobs_job_change' 1 %}"))
    assert list(upward_in_template("templates/payments/approve.html", '{% include "jobs/_job.html" %}'))
    assert not list(upward_in_template("templates/jobs/panel.html", '{% include "payments/_state.html" %}'))
