"""Accepting the history that the database has now, after it was found to be older, or another, than the one we knew."""

from django.db import transaction

from ledger.checkpoints import publishing
from ledger.content import Json
from ledger.kinds import ACCEPTED
from ledger.recording import Actor, insert
from ledger.sealing import seal


def accept(actor: Actor) -> None:
    """An operator has decided that this history counts: say so in it, and sign checkpoints of it from now on.

    Checkpoints of the history that was given up stay in the folder, set aside. Must run outside a transaction. Raises
    OSError when the folder can't be written, `UnusableKey` for a key that can't be used.
    """
    given_up = publishing.set_aside_what_does_not_fit()
    data: dict[str, Json] = {"given_up": {"size": given_up.size, "root": given_up.root.hex()}} if given_up else {}
    with transaction.atomic():
        insert(ACCEPTED, actor=actor, subjects={}, data=data)
    seal()
