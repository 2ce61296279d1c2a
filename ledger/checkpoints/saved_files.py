"""Checkpoints in files that somebody kept: the notes themselves, or mails that were saved as they came."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

from ledger.checkpoints.notes import checkpoints_in


def checkpoints_of(file: Path) -> list[str]:
    """Every checkpoint in the file, whether or not it verifies. Raises OSError."""
    return list(dict.fromkeys(note for text in _texts(file.read_bytes()) for note in checkpoints_in(text)))


def _texts(content: bytes) -> Iterator[str]:
    yield content.decode(errors="replace")
    for part in message_from_bytes(content, policy=policy.default).walk():
        if part.get_content_type() == "text/plain":
            decoded = part.get_payload(decode=True)
            if isinstance(decoded, bytes):
                yield decoded.decode(errors="replace")
