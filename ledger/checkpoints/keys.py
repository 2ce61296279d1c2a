"""The key that signs checkpoints, kept in a file apart from the database, and the public keys that are believed."""

from functools import cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.utils.translation import gettext as _

from ledger.checkpoints.notes import BadNote, NoteSigner, VerifierKey


class UnusableKey(Exception):
    """The file of the key can't be used; the message is a sentence that says why."""


def signer() -> NoteSigner | None:
    """Who signs for this ledger: the setting LEDGER_CHECKPOINT_KEY_FILE; None without one. Raises UnusableKey."""
    file = settings.LEDGER_CHECKPOINT_KEY_FILE
    return NoteSigner(settings.LEDGER_ORIGIN, private_key(file)) if file else None


def known() -> list[VerifierKey]:
    """The public keys whose signatures count: the signer's, and those listed in LEDGER_PUBLIC_KEYS.

    Raises UnusableKey.
    """
    own = signer()
    try:
        listed = [VerifierKey.parse(text) for text in settings.LEDGER_PUBLIC_KEYS]
    except BadNote as wrong:
        raise UnusableKey(f"LEDGER_PUBLIC_KEYS: {wrong}") from wrong
    return [own.public, *listed] if own else listed


@cache
def private_key(file: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(Path(file).read_bytes(), None)
    except OSError as error:
        raise UnusableKey(
            _("LEDGER_CHECKPOINT_KEY_FILE: %(file)s cannot be read (%(why)s).") % {"file": file, "why": error.strerror}
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableKey(_("LEDGER_CHECKPOINT_KEY_FILE: %(file)s is no private key.") % {"file": file}) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKey(_("LEDGER_CHECKPOINT_KEY_FILE: %(file)s is no Ed25519 key.") % {"file": file})
    return key
