"""Which lists of which wallets can be read, and by which right.

What a wallet has received, for whoever pays through us, it lists without asking anybody: a list is of one wallet and of
what one client made there. What it has sent it lists under an approval that lives, and while that has a fresh token.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Max

from ledger import clock
from ledger.models import StatementSource
from ledger.models.statements import SourceKind
from payments.models import Grant, IncomingPayment, Seller, WalletAddress
from payments.models.grants import GrantKind
from payments.openpayments.signing import Signer
from payments.openpayments.types import AccessToken
from payments.states import GrantState
from payments.tokens import token_is_fresh, token_of

#: An incoming payment lives so long at most, so what was made before can't have changed since.
LOOKS_BACK: Final = timedelta(days=31)
#: So long its list is read after something was to arrive there: a month is closed days after its end, and read by then.
LISTED_FOR: Final = 2 * LOOKS_BACK
NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Account:
    """One list: of `wallet`, as `seller` is allowed to see it. Of what was sent with the token of an approval."""

    kind: SourceKind
    wallet: WalletAddress
    seller: Seller
    signer: Signer
    token: AccessToken | None = None

    def source(self) -> StatementSource:
        """Its row, made when it is asked for the first time."""
        found, _made = StatementSource.objects.get_or_create(
            kind=self.kind,
            account=self.wallet.canonical_id,
            client=self.seller.pk,
            defaults={"name": self.wallet.url[:200], "asset_code": self.wallet.asset_code, "window_days": 0},
        )
        return found


def accounts() -> list[Account]:
    """Every list that can be read now: the sellers' own first, then those that nobody has read for longest."""
    found = [*_received(), *_sent()]
    lists = StatementSource.objects.exclude(kind=SourceKind.FILE).order_by().annotate(read_at=Max("imports__began_at"))
    read = {(row.kind, row.account, row.client): row.read_at for row in lists}
    own = set(Seller.objects.values_list("wallet_id", flat=True))

    def turn(account: Account) -> tuple[bool, datetime]:
        name = (str(account.kind), account.wallet.canonical_id, account.seller.pk)
        return account.wallet.pk not in own, read.get(name) or NEVER

    return sorted(found, key=turn)


def _received() -> Iterator[Account]:
    """Of each seller: its own wallet, and every wallet that was to receive through it lately."""
    since = clock.now() - LISTED_FOR
    sellers = {seller.pk: seller for seller in Seller.objects.select_related("wallet")}
    pairs = {(seller.pk, seller.wallet_id) for seller in sellers.values()}
    recent = IncomingPayment.objects.filter(created_at__gte=since, payment__isnull=False).order_by()
    pairs |= set(recent.values_list("payment__request__seller", "wallet").distinct())
    wallets = WalletAddress.objects.in_bulk({wallet for _seller, wallet in pairs})
    for seller_id, wallet_id in sorted(pairs):
        seller, wallet = sellers[seller_id], wallets[wallet_id]
        signer = _signer(seller)
        if wallet.is_known and signer:
            yield Account(SourceKind.INCOMING, wallet, seller, signer)


def _sent() -> Iterator[Account]:
    """Of each approval that lives, and whose token can be used as it is: renewing it is for the engine alone."""
    now, seen = clock.now(), set[tuple[str, int]]()
    living = Grant.objects.filter(kind=GrantKind.OUTGOING, state=GrantState.ACTIVE, token_expires_at__gt=now)
    for grant in living.select_related("request__seller__wallet", "wallet").order_by("-token_expires_at"):
        seller, token = grant.request.seller, token_of(grant)
        pair = (seller.pk, grant.wallet_id)
        if pair in seen or token is None or not token_is_fresh(grant, now):
            continue
        seen.add(pair)
        yield Account(SourceKind.OUTGOING, grant.wallet, seller, seller.signer(grant.key_id), token)


def _signer(seller: Seller) -> Signer | None:
    """None for a seller without a key, for whom nothing can be asked."""
    try:
        return seller.signer()
    except seller.keys.model.DoesNotExist:
        return None
