"""What administrators do with the keys of programs: make one, replace it, revoke it. No network here."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from ledger import clock
from ledger.api import Actor, record
from ledger.content import Json
from payments import api_tokens
from payments.locking import lock
from payments.models import ApiAsk, ApiKey, ApiScope, Marketplace, PaymentRequest, Seller
from payments.presentation.reasons import Refusal

#: How long a key that was replaced can still be used, so that programs can be given the new one.
OVERLAP: Final = timedelta(hours=24)
#: Who looks at when a key was last used wants to know the minute; a write for each request would be too many.
NOTED_EVERY: Final = timedelta(minutes=1)


@transaction.atomic
def make(
    name: str,
    scopes: Iterable[ApiScope],
    *,
    by: User,
    marketplace: Marketplace | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key that acts for `by`, and its token, which nobody can be told again. Without a marketplace: our own."""
    return _make(ApiKey(name=name, scopes=sorted(scopes), marketplace=marketplace, expires_at=expires_at), by)


@transaction.atomic
def replace(key_id: str, *, by: User) -> tuple[ApiKey, str]:
    """A key like this one, which acts for `by`; the old one can be used for `OVERLAP` more. Raises Refusal."""
    old = _lock_usable(key_id)
    new = ApiKey(name=old.name, family=old.family, scopes=old.scopes, marketplace=old.marketplace)
    new.expires_at = old.expires_at
    until = clock.now() + OVERLAP
    _keep(old, "replaced", by, expires_at=min(old.expires_at or until, until))
    return _make(new, by)


@transaction.atomic
def revoke(key_id: str, *, by: User) -> ApiKey:
    """Nothing is answered to this key any more. Raises Refusal where that is so already."""
    key = _lock_usable(key_id)
    _keep(key, "revoked", by, revoked_at=clock.now())
    return key


@transaction.atomic
def add_marketplace(name: str, seller: Seller, *, by: User) -> Marketplace:
    """Another marketplace, whose keys ask for money by this seller."""
    made = Marketplace(name=name, seller=seller)
    made.save(force_insert=True)
    subjects = {"marketplace": made.pk, "seller": seller.pk}
    record("marketplace.added", actor=Actor.staff(by.pk), subjects=subjects, data={"name": name})
    return made


def usable_key(token: str) -> ApiKey | None:
    """The key whose token this is, while it and the person it acts for may be used; that it was used is noted."""
    key_id = api_tokens.key_id_of(token)
    key = ApiKey.objects.select_related("acts_for", "marketplace__seller").filter(pk=key_id).first()
    if key is None or not api_tokens.matches(token, key.digest):
        return None
    # As who may sign in: `is_staff` is whoever works here.
    if not (key.is_usable and key.acts_for.is_active and key.acts_for.is_staff):
        return None
    now = clock.now()
    not_lately = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
    if key.last_used_at is None or key.last_used_at < now - NOTED_EVERY:
        ApiKey.objects.filter(not_lately, pk=key.pk).update(last_used_at=now)
    return key


def tell_asked(key: ApiKey, request: PaymentRequest, return_url: str = "") -> None:
    """Keep, in the transaction that asked for it, by which key `request` was asked for; once, however often told.

    Its payer is led back to `return_url`, which was checked.
    """
    if ApiAsk.objects.filter(request=request).exists():
        return
    ApiAsk(request=request, key=key, return_url=return_url).save(force_insert=True)
    subjects = {"api_ask": request.pk, "request": request.pk, "api_key": key.pk}
    record("api_ask.made", actor=Actor.api(key.pk), subjects=subjects, data={"name": key.name})


def tell_used(key: ApiKey, subjects: Mapping[str, str], data: Mapping[str, Json]) -> None:
    """That this key was used to change `subjects`, in the transaction of the change."""
    about = {**subjects, "api_key": key.pk}
    record("api_key.used", actor=Actor.api(key.pk), subjects=about, data={"name": key.name, **data})


def tell_refused(key: ApiKey, refusal: Refusal, subjects: Mapping[str, str]) -> None:
    """What was asked for with this key was not done."""
    data = {"name": key.name, "reason": refusal.code}
    record("api_key.refused", actor=Actor.api(key.pk), subjects={**subjects, "api_key": key.pk}, data=data)


def _make(key: ApiKey, by: User) -> tuple[ApiKey, str]:
    token = api_tokens.new_token(key.pk)
    key.family = key.family or key.pk
    key.acts_for, key.digest = by, api_tokens.digest_of(token)
    key.save(force_insert=True)
    _tell(key, "made", by)
    return key, token


def _lock_usable(key_id: str) -> ApiKey:
    key = lock(ApiKey.objects.all(), key_id)
    if not key.is_usable:
        raise Refusal("api_key_over")
    return key


def _keep(key: ApiKey, event: str, by: User, **columns: datetime) -> None:
    key.changed_at = clock.now()
    for name, value in columns.items():
        setattr(key, name, value)
    key.save(update_fields={*columns, "changed_at"})
    _tell(key, event, by)


def _tell(key: ApiKey, event: str, by: User) -> None:
    subjects = {"api_key": key.pk, **({"marketplace": key.marketplace_id} if key.marketplace_id else {})}
    data: dict[str, Json] = {"name": key.name, "scopes": list(key.scopes)}
    record(f"api_key.{event}", actor=Actor.staff(by.pk), subjects=subjects, data=data)
