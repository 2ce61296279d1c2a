"""Two members of staff who add the same person at the same moment: one adds them, the other reads that it was done."""

from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.urls import reverse

from jobs.models import Member
from tests import cast

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "maria@example.org"
#: Questions to the database until the second has come as far as the first lets them.
MOST_LOOKS = 20_000


def test_the_second_reads_that_there_is_a_member_with_this_email() -> None:
    """Where two transactions write side by side, the second passes the form's check before the first is done."""
    client = cast.signed_in(User.objects.create_superuser("boss"))
    fields = {"name": "Maria Lopez", "kind": "person", "email": EMAIL.upper(), "language": "es", "wallet_text": ""}
    answers: list[Any] = []

    def add() -> None:
        try:
            answers.append(client.post(reverse("admin:jobs_member_add"), fields))
        finally:
            connection.close()

    second = Thread(target=add)
    with transaction.atomic():
        Member.objects.create(name="Maria L.", email=EMAIL, language="es")
        second.start()
        if connection.vendor == "postgresql":
            assert _somebody_waits(), "the second never came to where the first is"
    second.join(timeout=60)
    (answer,) = answers
    assert answer.status_code == 200
    assert "There is a member with this email already." in answer.content.decode()
    assert Member.objects.count() == 1


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        for _look in range(MOST_LOOKS):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return True
    return False
