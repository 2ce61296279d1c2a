"""What of statements may name a person whose data is erased: texts of banks and wallets, words written beside."""

from collections.abc import Collection, Iterable

from django.db.models import Q

from ledger.models import ExceptionNote, StatementException, StatementMatch, StatementRow

AT_ONCE = 500


def forget_words(subjects: Collection[str], names: Collection[str]) -> list[str]:
    """Of the rows that are about `subjects`, only amounts, days, ids and those of `names` that they refer to stay.

    In the caller's transaction. What is matched stays so: a row is known by a hash of what it said. Returns the
    exceptions' ids, for the ledger has the same words in entries about them.
    """
    wanted, ids = sorted(subjects), list[str]()
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        found = StatementException.objects.filter(subject__in=some)
        lines = StatementMatch.objects.filter(subject__in=some).values("line")
        _forget(StatementRow.objects.filter(Q(pk__in=lines) | Q(pk__in=found.values("line"))), {*subjects, *names})
        ExceptionNote.objects.filter(exception__in=found).update(text="")
        ids += [str(pk) for pk in found.values_list("pk", flat=True)]
        found.update(why="")
    return ids


def _forget(rows: Iterable[StatementRow], names: Collection[str]) -> None:
    for row in rows:
        row.text, row.references = "", [word for word in row.references if word in names]
        row.save(update_fields=["text", "references"])
