"""The ledger as people read it: sentences, names and links, in the hours of the business."""

from datetime import UTC, datetime
from html import unescape

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from backoffice.ledger_entries.subjects import KINDS, OF_PROGRAMS, WITHOUT_PAGE
from jobs.models import Member
from ledger.api import Actor, record
from ledger.models import Entry
from ledger.rows.vouching import vouched
from ledger.stamps import day_stamp, short, stamp
from tests import cast

pytestmark = pytest.mark.django_db
LIST = reverse("admin:ledger_entry_changelist")


def shown(client: Client, address: str = LIST) -> str:
    return unescape(client.get(address).content.decode())


def test_the_ledger_tells_who_did_what_to_whom_and_leads_there(admin_client: Client) -> None:
    payment = cast.settled()
    request, entry = payment.request, Entry.objects.filter(kind="payment.settled").get()
    pages = (shown(admin_client), shown(admin_client, reverse("admin:ledger_entry_change", args=[entry.pk])))
    for page in pages:
        assert "1,250.00\xa0MXN" in page
        assert f'payment <a href="{reverse("admin:payments_payment_change", args=[payment.pk])}"' in page
        assert f">{payment.receiver_name}</a>" in page
        assert f">{request.title}</a>" in page
        assert short(entry.recorded_at) in page


def test_names_are_for_who_may_read_them_and_a_full_page_costs_no_more_than_a_short_one(admin_client: Client) -> None:
    reader, by = cast.signed_in(cast.person("lector", "ledger.view_entry")), cast.staff("rosa")
    told = cast.member("Yolotl")
    changed(told, by)
    for client, knows in ((admin_client, True), (reader, False)):
        page = shown(client, f"{LIST}?subject=member:{told.pk}")
        assert (">Yolotl</a>" in page) is knows
        assert (f"member {told.pk}" in page) is not knows
        assert "rosa" in page
    counted = []
    for names in (("Ana",), ("Eva", "Iris", "Inés")):
        for name in names:
            changed(cast.member(name), by)
        with CaptureQueriesContext(connection) as queries:
            shown(admin_client)
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_rows_without_a_page_have_a_name_in_the_readers_language(admin_client: Client) -> None:
    with transaction.atomic():
        record("job.money_released", actor=Actor("system", "test"), subjects=dict.fromkeys(WITHOUT_PAGE, "7"), data={})
    assert "job funding 7" in shown(admin_client)
    with override("es"):
        for kind, model in WITHOUT_PAGE.items():
            name = str(apps.get_model(model)._meta.verbose_name)
            assert name
            assert name != kind


def changed(member: Member, by: User) -> None:
    with transaction.atomic():
        record("member.changed", actor=Actor.staff(by.pk), subjects={"member": str(member.pk)}, data={})


def test_staff_read_one_short_style_of_date_and_the_whole_moment_where_they_point() -> None:
    at = datetime(2026, 11, 25, 0, 0, 12, tzinfo=UTC)
    whole = 'datetime="2026-11-24T18:00:12-06:00" title="Nov\xa024,\xa02026, 18:00:12 (UTC-06:00)"'
    assert stamp(at) == f"<time {whole}>Nov\xa024,\xa02026, 6:00\xa0PM</time>"
    assert day_stamp(at) == f"<time {whole}>Nov\xa024,\xa02026</time>"
    with override("es"):
        assert short(at) == "24\xa0nov\xa02026, 18:00"
    assert (stamp(None), short(None)) == ("", "")


def test_whatever_an_entry_may_be_about_has_a_name() -> None:
    assert {table.name for table in vouched()} <= {*KINDS, *WITHOUT_PAGE, *OF_PROGRAMS}
    for of in KINDS.values():
        apps.get_model(of.model)._meta.get_field(of.name.split("__")[0] if of.name != "pk" else "id")
