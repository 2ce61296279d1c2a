"""The mail server of the faults: what it was handed stands in a file each, whatever becomes of the sender."""

from collections.abc import Sequence
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from itertools import count
from pathlib import Path
from typing import ClassVar

from django.core.mail import EmailMessage as Mail
from django.core.mail.backends.base import BaseEmailBackend

from tests.faults.naming import Kind
from tests.faults.points import instruments


class FolderBackend(BaseEmailBackend):
    #: Of the world that this process lives in.
    folder: ClassVar[Path]

    def send_messages(self, email_messages: Sequence[Mail]) -> int:
        folder = self.folder
        for mail in email_messages:
            with instruments.passing(Kind.MAIL, f"a message to {mail.to[0].rpartition(' ')[2].strip('<>')}"):
                content = mail.message().as_bytes()
                new = folder / "new"
                new.write_bytes(content)
                new.replace(_free_name(folder))
        return len(email_messages)


def _free_name(folder: Path) -> Path:
    names = (folder / f"{number:03}.eml" for number in count())
    return next(name for name in names if not name.exists())


def read(folder: Path) -> list[EmailMessage]:
    """Everything that was handed over, oldest first."""
    parser = BytesParser(policy=policy.default)
    return [parser.parsebytes(path.read_bytes()) for path in sorted(folder.glob("*.eml"))]
