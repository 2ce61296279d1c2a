"""Keys of programs: made in a dialog, shown once, kept as a hash, replaced with a day of overlap, revoked at once."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from ledger import clock
from ledger.api import verify_rows
from ledger.models import Entry
from payments import api_tokens
from payments.actions import api_keys
from payments.models import ApiKey, Marketplace
from payments.presentation.reasons import Refusal
from tests.cast import person, seller, signed_in
from tests.dialogs import confirm

pytestmark = pytest.mark.django_db
LIST = "/admin/payments/apikey/"


def shown_on(client: Client, page: str) -> str:
    found = re.search(r'value="(tq_[^"]+)"', client.get(page).content.decode())
    return found[1] if found else ""


def test_a_key_from_the_day_it_is_made_to_the_day_it_is_revoked() -> None:
    may = ("payments.view_apikey", "payments.add_apikey", "payments.change_apikey")
    ana = person("ana", *may, "payments.add_marketplace", "payments.view_marketplace")
    client, other = signed_in(ana), signed_in(person("luis", *may))
    selling = seller()
    confirm(client, "/admin/payments/marketplace/make/", name="Mercado Libre de Voces", seller=selling.pk)
    market = Marketplace.objects.get()

    told = {"name": "Shop", "scopes": "payments:read", "marketplace": market.pk, "days": "30"}
    page = confirm(client, f"{LIST}make/", **told)["HX-Redirect"]
    key = ApiKey.objects.get()
    assert (key.acts_for, key.marketplace, key.scopes) == (ana, market, ["payments:read"])
    # Shown once, to who made it, and kept nowhere.
    assert not shown_on(other, page)
    token = shown_on(client, page)
    assert token.startswith(f"tq_{key.pk}_")
    assert not shown_on(client, page)
    assert token.removeprefix(f"tq_{key.pk}_") not in str(ApiKey.objects.values())
    assert api_keys.usable_key(token) == key
    key.refresh_from_db()
    assert key.last_used_at
    # Nothing else is it.
    for wrong in ("", token[:-1], token[:-1] + "\0", token.replace(key.pk, "0" * 26), f"{token[:-1]}é"):
        assert api_keys.usable_key(wrong) is None

    page = confirm(other, f"{LIST}{key.pk}/replace_key/")["HX-Redirect"]
    newer = shown_on(other, page)
    again = api_keys.usable_key(newer)
    assert again
    # Who saw it is who it acts for; answers to the old one are kept for it.
    assert (again.acts_for.username, again.family, again.marketplace, again.scopes) == (
        *("luis", key.pk, market),
        ["payments:read"],
    )
    key.refresh_from_db()
    assert key.expires_at
    assert timedelta(hours=23) < key.expires_at - clock.now() < timedelta(hours=25)
    assert api_keys.usable_key(token) == key
    ApiKey.objects.filter(pk=key.pk).update(expires_at=clock.now())
    assert api_keys.usable_key(token) is None
    ApiKey.objects.filter(pk=key.pk).update(expires_at=key.expires_at)

    confirm(other, f"{LIST}{again.pk}/revoke_key/")
    assert api_keys.usable_key(newer) is None
    with pytest.raises(Refusal):
        api_keys.replace(again.pk, by=ana)
    # A person who may no longer sign in, or no longer works here, has no programs either.
    for left in ({"is_active": False}, {"is_active": True, "is_staff": False}):
        User.objects.filter(pk=ana.pk).update(**left)
        assert api_keys.usable_key(token) is None

    kinds = list(
        Entry.objects.filter(kind__startswith="api_key.").order_by("recorded_at").values_list("kind", flat=True)
    )
    assert kinds == ["api_key.made", "api_key.replaced", "api_key.made", "api_key.revoked"]
    assert not any(token in body or newer in body for body in Entry.objects.values_list("body", flat=True))
    of_programs = {"payments_apikey", "payments_marketplace"}
    assert not [fault for fault in verify_rows() if of_programs & set(dict(fault.parameters).values())]


def test_an_older_secret_key_still_tells_a_token(settings: Settings) -> None:
    token = api_tokens.new_token("0" * 26)
    digest = api_tokens.digest_of(token)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, [settings.SECRET_KEY]
    assert api_tokens.matches(token, digest)
    settings.SECRET_KEY_FALLBACKS = []
    assert not api_tokens.matches(token, digest)
