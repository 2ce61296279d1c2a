"""A dossier as one ZIP: what happened in words and as the ledger has it, amounts, mails, work, and proofs."""

import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

import ledger.verify_proof
from backoffice.finance.evidence.dossiers import Dossier
from jobs.models import Submission
from jobs.timeline_text import describe
from ledger import clock
from ledger.api import TimelineRow, proves
from ledger.models import Entry
from payments.mail.colleagues import name_of
from payments.mail.pages import MailReader
from payments.mail.rendering import render
from payments.models import OutsidePayment, Payment, PaymentRequest
from payments.openpayments.amounts import Amount
from payments.presentation import timeline_lines
from payments.presentation.cost_summary import cost_line_of
from payments.presentation.dates import moment
from payments.presentation.payment_proof import proof_bytes, proof_name

#: Larger ones are kept on disk while they are made.
IN_MEMORY: Final = 5_000_000  # bytes
#: What the wallets were asked, and what they answered.
OF_WALLETS: Final = ("grant.", "incoming.", "quote.", "outgoing.", "proof.")
#: Who reads it may use none of the links.
READER: Final = MailReader(instead_of_links="https://…")


def write(dossier: Dossier, by: User) -> tuple[IO[bytes], str]:
    """The file, at its beginning, and its SHA-256 in hexadecimal."""
    # Kept open for whoever sends it.
    made = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    with ZipFile(made, "w", ZIP_DEFLATED) as into:
        for name, content in _files(dossier, by):
            into.writestr(name, content)
    made.seek(0)
    digest = sha256()
    while chunk := made.read(1 << 16):
        digest.update(chunk)
    made.seek(0)
    return made, digest.hexdigest()


def _files(dossier: Dossier, by: User) -> Iterator[tuple[str, str | bytes]]:
    yield "README.txt", _readme(dossier, by)
    yield "summary.json", _json(_summary(dossier))
    yield "timeline.txt", _timeline(dossier)
    bodies = dict(Entry.objects.filter(pk__in=[row.entry_id for row in dossier.entries]).values_list("pk", "body"))
    yield "entries.jsonl", "".join(_entry(row, bodies[row.entry_id]) for row in dossier.entries)
    of_wallets = [row for row in dossier.entries if row.kind.startswith(OF_WALLETS)]
    yield "wallets.jsonl", "".join(_entry(row, bodies[row.entry_id]) for row in of_wallets)
    for number, message in enumerate(dossier.messages, 1):
        rendered = render(message, READER)
        name = f"emails/{number:03}-{message.template}"
        head = f"{message.sent_at.isoformat() if message.sent_at else ''}\n{message.to_name} <{message.to_email}>\n"
        yield f"{name}.txt", f"{head}{rendered.subject}\n\n{rendered.text}"
        yield f"{name}.html", rendered.html
    for work in dossier.work:
        yield from _work(work)
    if proves():
        yield from _proofs(dossier)


def _readme(dossier: Dossier, by: User) -> str:
    words = {"title": dossier.title, "key": dossier.key, "who": name_of(by), "when": moment(clock.now())}
    return "\n".join(
        [
            _("Evidence: %(title)s (%(key)s)") % words,
            _("Made by %(who)s, %(when)s. The ledger has an entry with the SHA-256 of this file.") % words,
            "",
            "summary.json  " + _("amounts, who asked, who authorised, who confirmed"),
            "timeline.txt  " + _("everything that happened, in words"),
            "entries.jsonl  " + _("the same as the ledger has it, with its place in the chain"),
            "wallets.jsonl  " + _("of these, what the wallets were asked and what they answered"),
            "emails/  " + _("the emails that were sent; links are left out, since they could be used"),
            "work/  " + _("the work that was accepted"),
            "proofs/  " + _("signed proofs, and the program that checks them without this site"),
            "",
        ]
    )


def _summary(dossier: Dossier) -> dict[str, Any]:
    return {
        dossier.subject: dossier.key,
        "title": dossier.title,
        "requests": [_request(each) for each in dossier.requests],
        "payments": [_payment(each) for each in dossier.payments],
        "outsidePayments": [_outside(each) for each in dossier.outside],
        "acceptedWork": [
            {"submission": each.pk, "worker": each.application.worker.name, "job": each.application.job.title}
            for each in dossier.work
        ],
    }


def _request(request: PaymentRequest) -> dict[str, Any]:
    return {
        "id": request.pk,
        "state": request.state,
        "title": request.shown_title,
        "reference": request.reference,
        "payer": request.payer_name,
        "payerWallet": request.payer_wallet.url,
        "seller": request.seller_id,
        "requestedBy": name_of(request.requested_by),
        "authorisedBy": name_of(request.authorised_by),
        "paysAtMost": _wire(request.ceiling),
        "sentAt": request.sent_at,
        "approvedAt": request.approved_at,
        "finishedAt": request.finished_at,
    }


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "id": payment.pk,
        "request": payment.request_id,
        "purpose": payment.purpose,
        "state": payment.state,
        "receiver": payment.receiver_name,
        "receiverWallet": payment.receiver_wallet.url,
        "amount": _wire(payment.amount),
        "received": _wire(payment.received),
        "charged": _wire(cost_line_of(payment).charged),
        "settledAt": payment.settled_at,
    }


def _outside(row: OutsidePayment) -> dict[str, Any]:
    return {
        "id": row.pk,
        "state": row.state,
        "payer": row.payer_name,
        "receiver": row.receiver_name,
        "amount": _wire(row.amount),
        "how": row.way,
        "paidOn": row.paid_on,
        "evidence": row.evidence,
        "reportedBy": name_of(row.claimed_by),
        "decidedBy": name_of(row.decided_by),
        "decidedAt": row.decided_at,
    }


def _wire(amount: Amount | None) -> dict[str, str | int] | None:
    return amount.to_wire() if amount else None


def _timeline(dossier: Dossier) -> str:
    told = timeline_lines.lines(dossier.entries, describe)
    return "".join(f"{_utc(line.at)}  {line.who}: {line.sentence}\n" for line in told)


def _utc(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _entry(row: TimelineRow, body: str) -> str:
    """The body as it is in the chain, byte for byte, and what of it can be erased."""
    told = {"id": row.entry_id, "index": row.index, "body": body, "private": dict(row.private), "erased": row.erased}
    return json.dumps(told, ensure_ascii=False) + "\n"


def _work(work: Submission) -> Iterator[tuple[str, str | bytes]]:
    folder = f"work/{work.pk}"
    if work.text:
        yield f"{folder}/text.txt", work.text
    if work.link:
        yield f"{folder}/link.txt", f"{work.link}\n"
    if not work.file:
        return
    name = Path(work.file.name).name
    try:
        with work.file.open("rb") as content:
            yield f"{folder}/{name}", content.read()
    except FileNotFoundError:
        yield f"{folder}/{name}.missing.txt", _("This file is not where it was stored.") + "\n"


def _proofs(dossier: Dossier) -> Iterator[tuple[str, str | bytes]]:
    found = [(payment.pk, proof_bytes(payment.pk)) for payment in dossier.payments]
    for key, content in found:
        if content is None:
            text = _("The proof of this payment is not ready yet: the ledger signs for it soon. Try again in an hour.")
            yield f"proofs/{proof_name(key)}.not-yet.txt", text + "\n"
        else:
            yield f"proofs/{proof_name(key)}", content
    if found:
        yield "proofs/verify_proof.py", Path(ledger.verify_proof.__file__).read_bytes()


def _json(told: dict[str, Any]) -> str:
    return json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2) + "\n"
