"""Which lists of wallets were not read since certain days were over, though something was to arrive there in them."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from ledger.models import StatementImport, StatementSource
from ledger.models.statements import ImportState, SourceKind
from payments.models import IncomingPayment


def unread_lists(since: datetime, until: datetime) -> QuerySet[StatementSource]:
    """Those of which no reading that began after `until` came to its end."""
    whole = StatementImport.objects.filter(source=OuterRef("pk"), state=ImportState.COMPLETE, began_at__gte=until)
    used = _asked_for(since, until).filter(
        wallet__canonical_id=OuterRef("account"), payment__request__seller=OuterRef("client")
    )
    return StatementSource.objects.filter(~Exists(whole), Exists(used), kind=SourceKind.INCOMING)


def lists_never_asked_for(since: datetime, until: datetime) -> int:
    """How many lists there must be of which no reading was ever begun."""
    source = StatementSource.objects.filter(
        kind=SourceKind.INCOMING, account=OuterRef("wallet__canonical_id"), client=OuterRef("payment__request__seller")
    )
    lists = _asked_for(since, until).exclude(Exists(source)).order_by().values("payment__request__seller", "wallet")
    return lists.distinct().count()


def _asked_for(since: datetime, until: datetime) -> QuerySet[IncomingPayment]:
    made = IncomingPayment.objects.filter(created_at__gte=since, created_at__lt=until, payment__isnull=False)
    return made.exclude(remote_id="")
