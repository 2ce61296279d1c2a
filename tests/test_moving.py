"""A state changes in one function of the product, by the table and only if nobody else was first."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import transaction

from payments.models import Message
from payments.models.messages import MESSAGE_MOVES, MessageState, Template
from payments.moving import Moved, NoSuchMove, swap

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("payments", "jobs", "backoffice")
#: They know no rows of the product: the protocol, and the wallet that stands beside.
WITHOUT_ROWS = ("payments/openpayments/", "payments/sandbox/")
COLUMNS = {"state", "status"}
WRITERS = {"update", "create", "get_or_create", "update_or_create", "setattr", "bulk_update", "save"}
#: Of all that has a state.
MODELS = {
    model.__name__
    for model in apps.get_models()
    if model._meta.app_label in ROOMS and COLUMNS & {field.name for field in model._meta.get_fields()}
}
IN_SQL = re.compile(r"\bUPDATE\b.*\bSET\b.*\b(state|status)\b\s*=", re.DOTALL)


def written(source: str) -> Iterator[int]:
    """The lines of one Python file where a column of this name is set otherwise than by `swap`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store()) if name in COLUMNS:
                yield node.lineno
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in WRITERS | MODELS and _names(
                node
            ):
                yield node.lineno
            case ast.Constant(value=str(text)) if IN_SQL.search(text):
                yield node.lineno


def _names(call: ast.Call) -> bool:
    """A column is given by keyword, or named in what is given: `**{"state": …}`, `update_fields=["state"]`."""
    given = [
        *call.args,
        *(keyword.value for keyword in call.keywords if keyword.arg in {None, "update_fields", "defaults"}),
    ]
    texts = {node.value for value in given for node in ast.walk(value) if isinstance(node, ast.Constant)}
    return any(keyword.arg in COLUMNS for keyword in call.keywords) or bool(texts & COLUMNS)


def test_no_other_code_sets_a_state() -> None:
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    sources = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}
    assert len(sources) > 100, "The check must not pass for want of files."
    found = [
        f"{path}:{line}"
        for path, source in sources.items()
        if not path.startswith(WITHOUT_ROWS) and "/migrations/" not in path
        for line in written(source)
    ]
    assert not found, "\n".join(found)


PLANTED = {
    "an attribute": "job.status = JobStatus.DRAFT",
    "one of several": "job.status, job.changed_at = target, now",
    "an attribute by name": "setattr(job, 'status', target)",
    "an update": "Payment.objects.filter(pk=pk).update(state=PaymentState.SENT)",
    "an update of what was found": "rows.update(changed_at=now, status=target)",
    "an update by a name": "rows.update(**{'state': target})",
    "columns put together": "columns.update(state=target)",
    "many at once": "Message.objects.bulk_update(rows, ['state'])",
    "a row that is saved": "job.save(update_fields=['status'])",
    "a row that begins elsewhere": "Message.objects.create(state=MessageState.SENT)",
    "a row that is made": "begin(Payment(request=request, state='sent'), actor=actor)",
    "a row that is found or begins elsewhere": "rows.get_or_create(occasion=x, defaults={'state': 'sent'})",
    "SQL": "cursor.execute('UPDATE payments_payment SET state = %s', ['sent'])",
}


@pytest.mark.parametrize("case", PLANTED)
def test_the_check_sees(case: str) -> None:
    assert list(written(PLANTED[case]))


HARMLESS = {
    "a question": "Payment.objects.filter(state=PaymentState.SENT).update(owner=by)",
    "a comparison": "if job.status == JobStatus.DRAFT: pass",
    "a column of a model": "class Job:\n    status = CharField(_('status'))",
    "an answer": "JsonResponse({'status': request.state}, status=409)",
    "a move": "swap(job, target, MOVES, column='status')",
    "SQL that reads": "SQL = \"SELECT id FROM jobs_job WHERE status = 'draft'\"",
}


@pytest.mark.parametrize("case", HARMLESS)
def test_the_check_lets_pass(case: str) -> None:
    assert not list(written(HARMLESS[case]))


# The one function


@pytest.fixture
def message(db: None) -> Message:
    return Message.objects.create(template=Template.RECEIPT, to_name="Sol", to_email="sol@example.org", occasion="x")


def test_a_move_sets_the_row_and_what_goes_with_it(message: Message) -> None:
    before = message.changed_at
    with transaction.atomic():
        swap(message, MessageState.SENDING, MESSAGE_MOVES, attempts=1)
    stored = Message.objects.get()
    for row in (message, stored):
        assert (row.state, row.attempts) == (MessageState.SENDING, 1)
        assert row.changed_at == stored.changed_at > before


def test_what_the_table_lacks_is_no_move(message: Message) -> None:
    with transaction.atomic(), pytest.raises(NoSuchMove, match="from queued to sent"):
        swap(message, MessageState.SENT, MESSAGE_MOVES)
    message.refresh_from_db()
    assert message.state == MessageState.QUEUED


@pytest.mark.parametrize("meanwhile", [{"state": MessageState.FAILED}, {"attempts": 1}])
def test_whoever_comes_second_moves_nothing(message: Message, meanwhile: dict[str, object]) -> None:
    Message.objects.update(**meanwhile)
    with transaction.atomic(), pytest.raises(Moved):
        swap(message, MessageState.SENDING, MESSAGE_MOVES, unchanged=("attempts",), to_name="Luz")
    assert (message.state, message.attempts, message.to_name) == (MessageState.QUEUED, 0, "Sol")
    message.refresh_from_db()
    assert message.to_name == "Sol"


@pytest.mark.django_db(transaction=True)
def test_a_move_outside_a_transaction_is_refused() -> None:
    with pytest.raises(AssertionError, match="together with its ledger entry"):
        swap(Message(), MessageState.SENDING, MESSAGE_MOVES)
