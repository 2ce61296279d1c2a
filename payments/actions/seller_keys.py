"""The keys of a seller: a new one is made, published, seen at the wallet, used; the old one ends what it began.

What was asked for with a key goes on with it, so both stay published until nothing of the old one is in flight. Then
its private part is destroyed. Every move is in the ledger, with the key's id and thumbprint, never the key.
"""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction

from ledger import clock
from ledger.api import Actor, record
from payments.client import client
from payments.encryption import SecretUnreadable
from payments.engine.transitions import begin, facts, move, subjects_of
from payments.locking import lock
from payments.models import Seller, SellerKey
from payments.models.grants import GrantKind
from payments.openpayments.errors import OpenPaymentsError
from payments.openpayments.keys import (
    Jwk,
    KeyFormatError,
    generate_key,
    is_key_id,
    private_key_from_pem,
    private_key_to_pem,
)
from payments.openpayments.transport import Deadline
from payments.presentation.reasons import Refusal, why
from payments.states import GRANT_MOVES, KeyState, ProofState

NEXT = (KeyState.GENERATED, KeyState.PUBLISHED)
SYSTEM = Actor.system("keys")
#: Whatever was being planned with the old key when another took its place is written down by then.
REST = timedelta(minutes=10)
#: A look at the keys that wallets list, at most this long for each seller.
CHECK_SECONDS = 8.0


def next_key(seller: Seller) -> SellerKey | None:
    """The key that is to take the place of the active one."""
    return seller.keys.filter(state__in=NEXT).first()


@transaction.atomic
def make(seller_id: str, kid: str, *, by: User, pem: str | None = None) -> SellerKey:
    """A new key for the seller, to be published under `kid`; `pem` is one that somebody brings along.

    The same key once more repairs it, should it no longer open. Raises Refusal, and KeyFormatError for another `pem`.
    """
    seller = _lock_seller(seller_id)
    if not is_key_id(kid):
        raise Refusal("key_id_unusable")
    if pem is not None and (known := known_key(seller, kid, pem)):
        repair(known, pem)
        return known
    if waiting := next_key(seller):
        raise Refusal("next_key_exists", key_id=waiting.kid)
    return add(seller, kid, pem or private_key_to_pem(generate_key()), actor=Actor.staff(by.pk), by=by)


def add(seller: Seller, kid: str, pem: str, *, actor: Actor, by: User | None = None) -> SellerKey:
    """Write down a key that the seller does not have yet, not in use. Raises Refusal when `kid` names another."""
    if seller.keys.filter(kid=kid).exists():
        raise Refusal("key_id_taken", key_id=kid)
    key = SellerKey(seller=seller, kid=kid, created_by=by)
    key.keep(pem)
    begin(key, actor=actor)
    return key


def known_key(seller: Seller, kid: str, pem: str) -> SellerKey | None:
    """The seller's key of that id, when `pem` is it."""
    probe = SellerKey(seller=seller, kid=kid)
    probe.keep(pem)
    return seller.keys.filter(kid=kid, public=probe.public).first()


def repair(key: SellerKey, pem: str) -> bool:
    """Keep the private part anew when no configured encryption key opens it. Whether it was needed."""
    if key.state == KeyState.RETIRED or opens(key):
        return False
    key.keep(pem)
    SellerKey.objects.filter(pk=key.pk).update(sealed=key.sealed, changed_at=clock.now())
    return True


def opens(key: SellerKey) -> bool:
    """Whether the private part can be read and is the public one's."""
    try:
        private_key_from_pem(key.private_key)
    except (SecretUnreadable, KeyError, KeyFormatError):
        return False
    return True


def check(seller_id: str, seconds: float) -> list[SellerKey]:
    """Look at the keys that the seller's wallet lists, and keep what was seen of those that should be there.

    Raises Refusal when the wallet could not be read: nothing is known then, and nothing changes.
    """
    seller = Seller.objects.select_related("wallet").get(pk=seller_id)
    found = published(seller, seconds)
    with transaction.atomic():
        _lock_seller(seller_id)
        keys = list(seller.keys.exclude(state=KeyState.RETIRED))
        for key in keys:
            _note(key, found.get(key.kid), seller.wallet.url)
    return keys


def published(seller: Seller, seconds: float) -> dict[str, Jwk]:
    """The keys that the seller's wallet lists now, by their ids. Raises Refusal when the wallet could not be read."""
    address = seller.wallet.canonical_id or seller.wallet.url
    try:
        return {jwk.kid: jwk for jwk in client().get_keys(address, deadline=Deadline.after(seconds))}
    except OpenPaymentsError as error:
        code, params = why(error)
        raise Refusal(code, **params) from error


def problem_with(key: SellerKey, seen: Jwk | None) -> str:
    """The reason why `key`, listed by its wallet as `seen`, is not believed there; empty when it is."""
    return "" if seen and seen.x.rstrip("=") == key.public else "key_differs" if seen else "key_not_published"


def _note(key: SellerKey, seen: Jwk | None, wallet: str) -> None:
    now = clock.now()
    problem = problem_with(key, seen)
    params = {"wallet": wallet, "key_id": key.kid} if problem else {}
    if key.state == KeyState.GENERATED and not problem:
        move(key, KeyState.PUBLISHED, actor=SYSTEM, published_at=now, checked_at=now)
        return
    if key.state == KeyState.PUBLISHED and problem:
        move(
            key,
            KeyState.GENERATED,
            actor=SYSTEM,
            published_at=None,
            checked_at=now,
            reason=problem,
            reason_params=params,
        )
        return
    in_use = key.state in {KeyState.ACTIVE, KeyState.REPLACED}
    is_news = problem and in_use and key.missing_at is None
    missing_at = (key.missing_at or now) if problem and in_use else None
    columns = {"checked_at": now, "missing_at": missing_at, "reason": problem, "reason_params": params}
    if not problem:
        columns["published_at"] = key.published_at or now
    SellerKey.objects.filter(pk=key.pk).update(**columns)
    for name, value in columns.items():
        setattr(key, name, value)
    if is_news:
        record("key.missing", actor=SYSTEM, subjects=subjects_of(key), data=facts(key))


@transaction.atomic
def use(seller_id: str, *, by: User) -> SellerKey:
    """Ask for everything new with the new key. Raises Refusal unless the wallet was seen to list it."""
    seller = _lock_seller(seller_id)
    key = next_key(seller)
    if key is None:
        raise Refusal("no_next_key")
    if key.state != KeyState.PUBLISHED:
        raise Refusal("key_not_seen")
    switch(seller, key, actor=Actor.staff(by.pk))
    return key


def switch(seller: Seller, key: SellerKey, *, actor: Actor) -> None:
    """`key` takes the place of the active one, in the caller's transaction."""
    now = clock.now()
    for old in seller.keys.filter(state=KeyState.ACTIVE):
        move(old, KeyState.REPLACED, actor=actor, replaced_at=now)
    move(key, KeyState.ACTIVE, actor=actor, activated_at=now)


@transaction.atomic
def discard(seller_id: str, *, by: User) -> SellerKey:
    """Destroy the new key: it was never used."""
    key = next_key(_lock_seller(seller_id))
    if key is None:
        raise Refusal("no_next_key")
    _destroy(key, Actor.staff(by.pk))
    return key


@transaction.atomic
def retire(seller_id: str, *, by: User) -> list[SellerKey]:
    """Destroy the old keys. Raises Refusal while one is needed to end what was begun with it."""
    old = list(_lock_seller(seller_id).keys.filter(state=KeyState.REPLACED))
    if not old:
        raise Refusal("no_old_key")
    for key in old:
        if not may_retire(key):
            raise Refusal("key_in_use", key_id=key.kid, count=str(in_flight(key)))
        _destroy(key, Actor.staff(by.pk))
    return old


def may_retire(key: SellerKey) -> bool:
    return bool(key.replaced_at and key.replaced_at <= clock.now() - REST and not in_flight(key))


def in_flight(key: SellerKey) -> int:
    """Approvals and proofs that were asked for with the key and are not over. All other access is asked for anew."""
    unfinished = [state for state, following in GRANT_MOVES.items() if following]
    approvals = key.grants.filter(kind=GrantKind.OUTGOING, state__in=unfinished).count()
    return approvals + key.proofs.exclude(state__in=[ProofState.ASKED, ProofState.PROVEN, ProofState.ENDED]).count()


def _destroy(key: SellerKey, actor: Actor) -> None:
    move(key, KeyState.RETIRED, actor=actor, retired_at=clock.now(), sealed="")


def look_daily() -> None:
    """Are the keys in use still published? And retire old ones that nothing needs any more."""
    for seller in Seller.objects.filter(keys__state__in=[KeyState.ACTIVE, KeyState.REPLACED]).distinct():
        try:
            check(seller.pk, CHECK_SECONDS)
        except Refusal:
            continue  # the wallet is not there now: that says nothing about its keys
    for key in SellerKey.objects.filter(state=KeyState.REPLACED):
        with transaction.atomic():
            _lock_seller(key.seller_id)
            if may_retire(key):
                _destroy(key, SYSTEM)


def _lock_seller(seller_id: str) -> Seller:
    return lock(Seller.objects.select_related("wallet"), seller_id)
