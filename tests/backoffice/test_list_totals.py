"""What the rows of a list come to, below it: by currency, of all pages, of what is filtered and searched for."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from backoffice import guarded_admin
from payments.models import Payment, PaymentRequest
from tests import cast

pytestmark = [pytest.mark.django_db, pytest.mark.edits_rows("amounts that no wallet ever said")]
ALL = "/admin/payments/payment/"
PAYMENTS = f"{ALL}?created_at_from=2020-01-01"


@pytest.fixture
def root(db: None) -> Client:
    return cast.signed_in(User.objects.create_superuser("root"))


def told(client: Client, url: str) -> list[str]:
    page = client.get(url).content.decode()
    parts = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page)
    return [unescape(f"{title}: {said}").replace("\xa0", " ") for title, said in parts]


def test_each_currency_is_added_up_for_itself_and_each_row_once(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(root, PAYMENTS) == []
    first, second, third = cast.settled(), cast.settled(), cast.settled()
    rows = Payment.objects.filter
    rows(pk=first.pk).update(value=100_05, received_value=100_05)
    rows(pk=second.pk).update(value=1_500, asset_scale=3, received_value=0)
    rows(pk=third.pk).update(value=7_000, asset_code="JPY", asset_scale=0, received_value=7_000)
    mxn, jpy = "101.55 MXN", "7,000 JPY"
    assert told(root, PAYMENTS) == ["Together: 3 rows", f"Amount: {jpy} · {mxn}", f"Received: {jpy} · 100.05 MXN"]
    assert told(root, ALL) == [], "of everything, nothing is added up"
    assert told(root, f"{PAYMENTS}&currency=JPY") == ["Together: 1 row", f"Amount: {jpy}", f"Received: {jpy}"]
    # Found by its payments, a request stands in several rows of the database, and counts once.
    PaymentRequest.objects.filter(pk=first.request_id).update(ceiling_debit=2_50)
    Payment.objects.filter(pk=second.pk).update(request=first.request_id)
    asset = PaymentRequest.objects.get(pk=first.request_id).asset_code
    found = told(root, f"/admin/payments/paymentrequest/?q={first.request_id}")
    assert found == ["Together: 1 row", f"The payer pays at most: 2.50 {asset}"]

    # However large: more than a column holds.
    largest = 2**63 - 1
    Payment.objects.update(value=largest, asset_code="XTS", asset_scale=0, received_value=0)
    assert told(root, PAYMENTS)[1] == f"Amount: {3 * largest:,} XTS"

    monkeypatch.setattr(guarded_admin, "MOST_ADDED", 2)
    assert told(root, PAYMENTS) == []
