"""Handing messages to the mail server: claimed by one worker, tried again later, at last given up with a reason.

A message that was handed over just before its worker died goes out twice, with the same Message-ID.
"""

import logging
import smtplib
from datetime import timedelta
from email.utils import formataddr
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.db import transaction

from ledger import clock
from payments import links
from payments.mail.queue import NOT_NEEDED, is_pointless, tell
from payments.mail.quiet_hours import held_until
from payments.mail.rendering import Rendered, render
from payments.mail.stops import CAN_BE_STOPPED, reason_not_to_send
from payments.models import Message
from payments.models.messages import MESSAGE_MOVES, MessageState
from payments.moving import Moved, swap

logger = logging.getLogger(__name__)

#: How long to wait after the first, second … failure. One try more than there are waits.
WAITS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
#: Longer than any conversation with a mail server lasts: whoever is still at it has died.
INTERRUPTED_AFTER: Final = timedelta(minutes=10)
#: A message that was just queued or claimed has a task of its own for this long. Shorter than the shortest wait.
CLAIM: Final = timedelta(seconds=30)
BATCH: Final = 100
#: SMTP (RFC 5321, 4.2.1): 5yz says that trying again is of no use.
PERMANENT: Final = 500

# A refusal of the mail server that will not change, and one that may.
REFUSED, UNREACHABLE = "mail_refused", "mail_unreachable"
INTERRUPTED = "mail_interrupted"


def send(message_id: str) -> None:
    """Send the message if it is due. Any number of callers at once; the network is used outside transactions."""
    message = _claim(message_id)
    if message is None:
        return
    if is_pointless(message):
        _finish(message, MessageState.FAILED, reason=NOT_NEEDED)
        return
    if stopped := reason_not_to_send(message):
        _finish(message, MessageState.FAILED, reason=stopped)
        return
    refusal = deliver(message, render(message))
    if refusal is None:
        _finish(message, MessageState.SENT, sent_at=clock.now())
    elif refusal == REFUSED:
        _finish(message, MessageState.FAILED, reason=REFUSED)
    else:
        _postpone(message, refusal)


def due_messages() -> list[str]:
    """Claim messages whose time has come, longest waiting first; those whose worker died are freed before.

    Whoever claims an id hands it to `send` soon: it is not claimed again for `CLAIM`.
    """
    now = clock.now()
    stuck = Message.objects.filter(state=MessageState.SENDING, changed_at__lte=now - INTERRUPTED_AFTER)
    for message in stuck.order_by("changed_at")[:BATCH]:
        _postpone(message, INTERRUPTED)
    due = Message.objects.filter(state=MessageState.QUEUED, next_attempt_at__lte=now, changed_at__lte=now - CLAIM)
    claimed = []
    for pk, changed_at in due.order_by("next_attempt_at").values_list("pk", "changed_at")[:BATCH]:
        if due.filter(pk=pk, changed_at=changed_at).update(changed_at=now):
            claimed.append(pk)
    return claimed


def deliver(message: Message, rendered: Rendered) -> str | None:
    """Hand `rendered` to the mail server; the reason code when it did not take it. No database."""
    try:
        validate_email(message.to_email)
        mail = EmailMultiAlternatives(
            rendered.subject,
            rendered.text,
            settings.DEFAULT_FROM_EMAIL,
            # formataddr quotes and encodes, so that a name can neither add an address nor a header.
            [formataddr((" ".join(message.to_name.split()), message.to_email))],
            headers=_headers(message),
        )
        mail.attach_alternative(rendered.html, "text/html")
        mail.send()
    except ValidationError:
        return REFUSED
    except (smtplib.SMTPException, OSError) as error:
        # The server's words can repeat the address, so only what kind of answer it was is logged.
        logger.warning("Message %s was not taken: %s.", message.pk, _kind(error))
        return REFUSED if _is_final(error) else UNREACHABLE
    return None


def _headers(message: Message) -> dict[str, str]:
    """Of what its reader may stop: where that is, by one press in their mail program (RFC 2369, RFC 8058)."""
    own = {"Message-ID": message_id_of(message), "Auto-Submitted": "auto-generated"}
    if message.template not in CAN_BE_STOPPED:
        return own
    where = f"<{links.no_mail_url(message.pk)}>"
    return {**own, "List-Unsubscribe": where, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def message_id_of(message: Message) -> str:
    """The Message-ID of every try to send `message`, so that a mail program shows once what came twice."""
    return f"<{message.pk}@{urlsplit(settings.BASE_URL).hostname}>"


def _kind(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _is_final(error: Exception) -> bool:
    """Whether the server refused this recipient or message for good; its own troubles say nothing about either."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return all(code >= PERMANENT for code, _words in error.recipients.values())
        case smtplib.SMTPDataError():
            return error.smtp_code >= PERMANENT
    return False


def _claim(message_id: str) -> Message | None:
    """The message, now being sent by this caller alone; None when it is not due or somebody else has it."""
    now = clock.now()
    message = Message.objects.select_related("request", "payment").filter(pk=message_id).first()
    if message is None or message.state != MessageState.QUEUED or (message.next_attempt_at or now) > now:
        return None
    if until := held_until(message):
        Message.objects.filter(pk=message.pk, state=MessageState.QUEUED).update(next_attempt_at=until)
        return None
    with transaction.atomic():
        return message if _move(message, MessageState.SENDING, attempts=message.attempts + 1) else None


def _postpone(message: Message, reason: str) -> None:
    """Back into the queue with a growing wait, or given up after the last try."""
    if message.attempts > len(WAITS):
        _finish(message, MessageState.FAILED, reason=reason)
        return
    at = clock.now() + WAITS[message.attempts - 1]
    with transaction.atomic():
        _move(message, MessageState.QUEUED, next_attempt_at=at, **_why(message, reason))


def _finish(message: Message, state: MessageState, reason: str = "", **columns: Any) -> None:
    with transaction.atomic():
        if _move(message, state, next_attempt_at=None, **_why(message, reason), **columns):
            tell(message, f"message.{state}")


def _why(message: Message, reason: str) -> dict[str, Any]:
    return {"reason": reason, "reason_params": {"name": message.to_name} if reason else {}}


def _move(message: Message, state: MessageState, **columns: Any) -> bool:
    """Move it in the caller's transaction; False when somebody else has, or a later try than was read has begun."""
    try:
        swap(message, state, MESSAGE_MOVES, unchanged=("attempts",), **columns)
    except Moved:
        return False
    return True
