"""Members and jobs found by what people know of them, and what is owed that nobody asked for yet. Reads only.

These tables are the small side: whoever looks for a name finds the person here, and the money by their key.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from jobs import job_payments, payables
from jobs.deadlines import AWAKE
from jobs.models import Application, Job, Member, SubmissionStatus
from payments.find_money import Few, LookedFor, worth
from payments.models import Payment, WalletAddress
from payments.openpayments.amounts import Amount

#: Words of one name: each is looked for by itself.
MOST_WORDS: Final = 6
#: Letters that people write with an accent, or leave it away.
ACCENTED: Final = {"a": "aáàâäãā", "e": "eéèêëē", "i": "iíìîïī", "o": "oóòôöõō", "u": "uúùûüū", "n": "nñ", "c": "cç"}


@dataclass(frozen=True)
class Unasked:
    """What is owed to a worker that nobody asked the funder for; `accepted`: their work is."""

    application: Application
    amount: Amount
    accepted: bool


def members(wanted: LookedFor, wallets: Sequence[WalletAddress], most: int) -> Few[Member]:
    """By number, email, wallet, or words of their name, whichever finds somebody first."""
    found = Member.objects.select_related("wallet").order_by("name", "pk")
    if wallets:
        return Few.of(found.filter(wallet__in=[wallet.pk for wallet in wallets]), most)
    if wanted.address or wanted.row_id or not wanted.text:
        return Few()
    if wanted.number is not None:
        return Few.of(found.filter(pk=wanted.number), most)
    if "@" in wanted.text:
        return Few.of(found.filter(email__iexact=wanted.text), most)
    return Few.of(found.filter(_says("name", wanted.text)), most)


def jobs(wanted: LookedFor, most: int) -> Few[Job]:
    """By number or reference; else by words of the title, or, of those that go on, by what each worker gets."""
    found = Job.objects.select_related("funder").order_by("-created_at", "-pk")
    if wanted.address or wanted.row_id or not wanted.text or "@" in wanted.text:
        return Few()
    exact = Q(reference__iexact=wanted.text) | (Q(pk=wanted.number) if wanted.number is not None else Q())
    if (named := Few.of(found.filter(exact), most)).rows:
        return named
    if wanted.amount is not None:
        same = worth(wanted, "budget_value", "budget_code", "budget_scale")
        return Few.of(found.filter(same, status__in=AWAKE), most)
    return Few.of(found.filter(_says("title", wanted.text) | Q(reference__istartswith=wanted.text)), most)


def payments_of(found: Sequence[Job], most: int) -> Few[Payment]:
    """The payments to the workers of these jobs, and to whoever holds money for them, newest first."""
    if not found:
        return Few()
    keys = [job.pk for job in found]
    rows = Payment.objects.select_related("request__payer_wallet", "receiver_wallet", "owner")
    paid = Few.of(rows.filter(payout__application__job__in=keys).order_by("-created_at", "-pk"), most)
    held = Few.of(rows.filter(request__job_fundings__job__in=keys).order_by("-created_at", "-pk"), most)
    both = [*paid.rows, *(one for one in held.rows if one not in paid.rows)]
    return Few(both[:most], paid.more or held.more or len(both) > most)


def unasked(workers: Sequence[Member], found: Sequence[Job], most: int) -> list[Unasked]:
    """Of these people, and of these jobs, the work for which something is owed that nobody asked for, oldest first."""
    about = Q(worker__in=[worker.pk for worker in workers]) | Q(job__in=[job.pk for job in found])
    waiting = job_payments.unpaid(Application.objects.filter(about, job__status__in=AWAKE))
    rows = payables.with_money(waiting).order_by("created_at", "pk")[:most]
    told = [Unasked(row, job_payments.remaining_of(row.job.budget, row), _accepted(row)) for row in rows]
    return [one for one in told if not one.amount.is_zero]


def _accepted(row: Application) -> bool:
    return any(work.status == SubmissionStatus.ACCEPTED for work in row.submissions.all())


def _says(column: str, text: str) -> Q:
    """Every word of `text` stands in the column, with or without its accents."""
    words = Q()
    for word in text.split()[:MOST_WORDS]:
        words &= Q(**{f"{column}__iregex": _any_accent(word)})
    return words


def _any_accent(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.casefold())
    letters = [letter for letter in plain if not unicodedata.combining(letter)]
    return "".join(f"[{ACCENTED[letter]}]" if letter in ACCENTED else re.escape(letter) for letter in letters)
