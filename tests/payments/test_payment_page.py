"""What somebody reads first on a payment's page: where it stands, whose turn it is, who pays for it and what for."""

import pytest
from django.contrib.auth.models import User

from payments.models import Payment
from payments.states import PaymentState, RequestState
from tests import cast
from tests.payments.pages import words

pytestmark = pytest.mark.django_db


def shown(payment: Payment) -> str:
    """The page, without the sidebar and the head."""
    client = cast.signed_in(User.objects.create_superuser("boss"))
    page = words(client.get(f"/admin/payments/payment/{payment.pk}/change/", headers={"accept-language": "en"}))
    return page[page.index("Whose turn?") :]


def test_it_says_whose_turn_it_is_who_pays_and_what_for() -> None:
    asked = cast.asked(title="Radio spot", origin_path="/admin/jobs/job/")
    page = shown(cast.paid_to_maria(asked))
    table = page.index("Receiver's email")
    for told in ("Whose turn? The payer", "María Hernández receives", "Arrived so far", asked.payer_name, "Radio spot"):
        assert told in page[:table], told


def test_what_needs_a_person_is_told_once() -> None:
    payment = cast.paid_to_maria(cast.asked(RequestState.APPROVED), PaymentState.NEEDS_ATTENTION)
    assert shown(payment).count("Whose turn?") == 1
