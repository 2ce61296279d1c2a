"""Another process that uses secrets: `python -m tests.payments.other_secrets write ID …`, or `rotate`, or `read`.

Writing: the secrets of these approvals, over and over, as the engine does, until its input ends; it says when it has
begun, and at the end the last number that it stored for each. Rotating: again and again, until thirty were encrypted
anew. Reading: what is stored.
"""

import os
import select
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.db import transaction  # noqa: E402 - after the setup

from payments.actions.reencryption import reseal_all  # noqa: E402 - after the setup
from payments.models import Grant  # noqa: E402 - after the setup

ENOUGH = 30
#: On SQLite one writes at a time, and whoever never lets go keeps everybody else waiting.
PAUSE_SECONDS = 0.02


def write(grant_id: str, number: int) -> None:
    with transaction.atomic():
        grant = Grant.objects.select_for_update().get(pk=grant_id)
        Grant.objects.filter(pk=grant_id).update(sealed=grant.sealed_with(token=str(number)))


def write_until_told(grants: list[str]) -> int:
    number = 0
    while not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
        number += 1
        for grant_id in grants:
            write(grant_id, number)
        if number == 1:
            sys.stdout.write("begun\n")
            sys.stdout.flush()
    return number


if __name__ == "__main__":
    what, *grants = sys.argv[1:]
    if what == "write":
        sys.stdout.write(str(write_until_told(grants)))
    elif what == "rotate":
        resealed = 0
        while resealed < ENOUGH:
            resealed += reseal_all().resealed
    else:
        sys.stdout.write(" ".join(Grant.objects.get(pk=grant_id).secrets["token"] for grant_id in grants))
