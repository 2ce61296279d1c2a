"""What the journal calls its accounts. Every change is in the ledger; no booking is changed by it."""

from django.contrib.auth.models import User
from django.db import transaction

from ledger.api import Actor, record
from payments.books.journal.accounts import is_account
from payments.models import AccountName
from payments.models.charts import DEFAULT_ACCOUNTS, AccountRole
from payments.presentation.reasons import Refusal


def set_account(seller_id: str, role: AccountRole, account: str, *, by: User) -> AccountName:
    """Let `seller_id` book `role` under `account` in whatever is downloaded from now on. Raises Refusal."""
    if not is_account(account):
        raise Refusal("account_name")
    with transaction.atomic():
        known = AccountName.objects.select_for_update().filter(seller=seller_id, role=role).first()
        row, _created = AccountName.objects.update_or_create(
            seller_id=seller_id, role=role, defaults={"account": account}
        )
        _tell("set", row, by, before=known.account if known else DEFAULT_ACCOUNTS[role])
    return row


def use_default(row: AccountName, *, by: User) -> None:
    """From now on it is called as it is for every seller who has no name of their own."""
    role, pk = AccountRole(row.role), row.pk
    with transaction.atomic():
        row.delete()
        row.pk, before = pk, row.account
        row.account = DEFAULT_ACCOUNTS[role]
        _tell("removed", row, by, before=before)


def _tell(event: str, row: AccountName, by: User, before: str) -> None:
    data = {"role": row.role, "account": row.account, "before": before}
    record(
        f"chart.{event}", actor=Actor.staff(by.pk), subjects={"chart": str(row.pk), "seller": row.seller_id}, data=data
    )
