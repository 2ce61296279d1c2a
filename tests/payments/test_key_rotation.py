"""An encryption key can be retired while the site runs, and nobody has to guess when."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import models
from pytest_django import Settings

from backoffice.models import FactorSecret
from backoffice.sign_in import factor_secrets
from ledger.models import Entry
from payments.actions import reencryption
from payments.actions.reencryption import sealed_columns
from payments.actions.webhook_endpoints import add_sender
from payments.encryption import fingerprint, key_of, reseal
from payments.models import Grant, SellerKey, WalletProof, WebhookEndpoint, WebhookSender
from payments.models.fields import SealedField
from tests.cast import asked, asked_proof, interaction, radio, staff
from tests.other_processes import environment_for_others
from tests.payments.webhooks import endpoint
from tests.sandbox.process import PROJECT

WRITERS = 2
EACH = 3
pytestmark = pytest.mark.django_db


def secrets_of_every_kind() -> tuple[SellerKey, Grant, WalletProof]:
    key = radio().keys.get()
    grant, proof = interaction(asked()), asked_proof()
    WalletProof.objects.filter(pk=proof.pk).update(sealed=proof.sealed_with(nonce="n"))
    return key, grant, WalletProof.objects.get(pk=proof.pk)


def with_a_new_key(settings: Settings) -> str:
    """From now on there is a newer one; the one of before."""
    before: str = django_settings.FIELD_ENCRYPTION_KEYS[0]
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), before]
    return before


def test_every_column_with_something_sealed_is_known() -> None:
    secrets_of_every_kind()
    factor_secrets.keep("what somebody's app computes from")
    endpoint("https://shop.example/hooks")
    add_sender("Shop", "", by=staff("ana"))
    known = {(column.model, column.name) for column in sealed_columns()}
    models_with_secrets = (SellerKey, Grant, WalletProof, WebhookEndpoint, WebhookSender, FactorSecret)
    assert known == {(model, "sealed") for model in models_with_secrets}
    for model in apps.get_models():
        for column in model._meta.local_concrete_fields:
            if isinstance(column, models.TextField | models.CharField | models.JSONField | models.BinaryField):
                values = model._default_manager.values_list(column.name, flat=True)
                sealed = [value for value in values if value and _holds_a_sealed_text(value)]
                assert not sealed or isinstance(column, SealedField), f"{model._meta.label}.{column.name}"


def _holds_a_sealed_text(value: object) -> bool:
    """Every text of Fernet begins so: its version, and a moment of this century."""
    return "gAAAAA" in str(value)


def test_a_key_is_retired_in_these_steps(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    key, grant, proof = secrets_of_every_kind()
    pem, nonce = key.private_key, grant.secrets["nonce"]
    before = with_a_new_key(settings)
    newest = settings.FIELD_ENCRYPTION_KEYS[0]

    assert exit_code("--check") == 1
    assert f"Key 2 ({fingerprint(before)}) opens 3 secrets." in capsys.readouterr().out
    assert SellerKey.objects.get(pk=key.pk).sealed == key.sealed

    assert exit_code() == 0
    told = capsys.readouterr().out
    assert "3 secrets were encrypted anew." in told
    assert f"Key 2 ({fingerprint(before)}) opens 0 secrets." in told
    assert "Nothing needs an earlier key." in told
    assert newest not in told
    [entry] = Entry.objects.filter(kind="installation.resealed")
    assert fingerprint(newest) in entry.body
    assert newest not in entry.body

    settings.FIELD_ENCRYPTION_KEYS = [newest]
    assert SellerKey.objects.get(pk=key.pk).private_key == pem
    assert Grant.objects.get(pk=grant.pk).secrets["nonce"] == nonce
    assert WalletProof.objects.get(pk=proof.pk).secrets["nonce"] == "n"
    assert exit_code() == 0
    assert Entry.objects.filter(kind="installation.resealed").count() == 1


def test_what_no_key_opens_is_named_and_left_alone(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    key, grant, _proof = secrets_of_every_kind()
    with_a_new_key(settings)
    other = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    Grant.objects.filter(pk=grant.pk).update(sealed=other)
    assert exit_code() == 1
    assert f"No key opens 1 secret: payments.Grant.sealed {grant.pk}." in capsys.readouterr().out
    assert Grant.objects.get(pk=grant.pk).sealed == other
    assert key_of(SellerKey.objects.get(pk=key.pk).sealed) == 0


def test_what_somebody_writes_between_is_not_overwritten(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _key, grant, _proof = secrets_of_every_kind()
    before = with_a_new_key(settings)
    newer = Fernet(before)

    def interrupted(sealed: str) -> str:
        monkeypatch.setattr(reencryption, "reseal", reseal)
        theirs = newer.encrypt(f'{{"row":"{grant.pk}","secrets":{{"token":"theirs"}}}}'.encode()).decode()
        Grant.objects.filter(pk=grant.pk).update(sealed=theirs)
        return reseal(sealed)

    WalletProof.objects.update(sealed="")
    SellerKey.objects.update(sealed="")
    monkeypatch.setattr(reencryption, "reseal", interrupted)
    assert reencryption.reseal_all().left == 0
    kept = Grant.objects.get(pk=grant.pk)
    assert key_of(kept.sealed) == 0
    assert kept.secrets == {"token": "theirs"}


def exit_code(*arguments: str) -> int:
    try:
        call_command("rotate_keys", *arguments)
    except SystemExit as ended:
        return int(str(ended.code))
    return 0


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_while_other_processes_write_under_either_key(tmp_path: Path) -> None:
    grants = [interaction(asked()).pk for _ in range(WRITERS * EACH)]
    before: str = django_settings.FIELD_ENCRYPTION_KEYS[0]
    newest = Fernet.generate_key().decode()
    environment = environment_for_others(tmp_path)

    def with_keys(*keys: str) -> dict[str, str]:
        return {**environment, "FIELD_ENCRYPTION_KEYS": ",".join(keys)}

    # As after the first deployment of the two that a rotation takes: all can read both keys.
    orders = [(before, newest), (newest, before)]
    parts = [grants[number * EACH : (number + 1) * EACH] for number in range(WRITERS)]
    writers = [
        started("-m", "tests.payments.other_secrets", "write", *part, env=with_keys(*order))
        for part, order in zip(parts, orders, strict=True)
    ]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "begun\n"
    assert ran("-m", "tests.payments.other_secrets", "rotate", env=with_keys(newest, before)) == (0, "")
    last = [int(writer.communicate("", timeout=60)[0]) for writer in writers]
    assert all(number > 1 for number in last), "the writers wrote meanwhile"

    code, told = ran("manage.py", "rotate_keys", env=with_keys(newest, before))
    assert (code, "Nothing needs an earlier key." in told) == (0, True), told
    found = ran("-m", "tests.payments.other_secrets", "read", *grants, env=with_keys(newest))
    assert found == (0, " ".join(str(number) for number in last for _ in range(EACH)))


def started(*arguments: str, env: dict[str, str]) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, *arguments], cwd=PROJECT, env=env, stdin=pipe, stdout=pipe, text=True)


def ran(*arguments: str, env: dict[str, str]) -> tuple[int, str]:
    program = started(*arguments, env=env)
    told, _ = program.communicate("", timeout=60)
    return program.returncode, told
