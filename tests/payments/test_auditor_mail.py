"""The auditor gets a checkpoint a day, and can hold the ledger against the mail as it was saved."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from django.core import mail
from pytest_django import Settings

from ledger.api import keep_if_due, seal, verify
from ledger.checkpoints.make_key import make_key
from ledger.checkpoints.saved_files import checkpoints_of
from ledger.faults import FaultCode
from ledger.models import Checkpoint
from payments.mail.sending import send
from payments.models import Message
from payments.models.messages import Template
from tests.ledger import samples
from tests.ledger.tampering import execute, rewrite_chain, tamper

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def key(settings: Settings, tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    settings.LEDGER_CHECKPOINT_KEY_FILE = str(tmp_path / "key")


def test_a_saved_mail_finds_what_was_changed_since(settings: Settings, tmp_path: Path) -> None:
    settings.LEDGER_AUDITOR_EMAIL, settings.LEDGER_AUDITOR_LANGUAGE = "audit@example.org", "es"
    samples.settled()
    samples.settled("P2")
    seal()
    keep_if_due()
    note = Checkpoint.objects.get().note
    message = Message.objects.get(template=Template.CHECKPOINT)
    assert message.to_email == "audit@example.org"
    send(message.pk)
    (sent,) = mail.outbox
    assert note in sent.body
    assert "los primeros 2 asientos" in sent.body
    file = tmp_path / "saved.eml"
    saved = EmailMessage()
    saved.set_content(sent.body, cte="quoted-printable")  # as mail servers on its way may encode it
    for content in (sent.message().as_bytes(), saved.as_bytes(), sent.body.encode()):
        file.write_bytes(content)
        assert checkpoints_of(file) == [note]
    assert list(verify(checkpoints=[file])) == []
    rewrite_chain(2, lambda body: body.replace('"1250"', '"9250"'))
    execute("DELETE FROM ledger_checkpoint")
    assert {fault.code for fault in verify()} == {FaultCode.TRIGGER}
    assert {fault.code for fault in verify(checkpoints=[file])} == {FaultCode.TRIGGER, FaultCode.CHECKPOINT_DIFFERS}
    tamper('DELETE FROM ledger_link WHERE "index" = 2')
    assert FaultCode.TRUNCATED in {fault.code for fault in verify(checkpoints=[file])}


def test_without_an_auditor_nobody_is_written_to() -> None:
    samples.settled()
    seal()
    keep_if_due()
    assert Checkpoint.objects.exists()
    assert not Message.objects.exists()
