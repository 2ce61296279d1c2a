"""Titles that the program makes: the payer is written to in their language, everybody else reads them in their own."""

import pytest
from django.contrib.auth.models import User
from django.utils import translation

from payments.models import PaymentRequest
from payments.models.titles import LONGEST_TITLE, MadeTitle, TitleKind
from payments.states import RequestState
from tests import cast

pytestmark = pytest.mark.django_db
WRITTEN = "Devolución: Radio spot"
READ = "Refund: Radio spot"


def of_a_refund(**columns: object) -> PaymentRequest:
    made = MadeTitle((TitleKind.REFUND,), "Radio spot")
    given = {"title": made.written_in("es"), "title_made_of": made.to_json(), "payer_language": "es", **columns}
    return cast.asked(RequestState.AWAITING_APPROVAL, **given)


def test_each_reader_has_it_in_their_language() -> None:
    request = of_a_refund()
    assert request.title == WRITTEN
    for language, words in (("en", READ), ("es", WRITTEN)):
        with translation.override(language):
            assert request.shown_title == words


def test_a_refund_of_a_payout_says_both() -> None:
    payout = MadeTitle((TitleKind.PAYOUT,), "Radio spot")
    both = MadeTitle.of(TitleKind.REFUND, payout.written_in("es"), payout.to_json())
    assert both.written_in("en") == "Refund: Payout: Radio spot"
    assert MadeTitle.from_json(both.to_json()) == both


def test_what_a_person_wrote_stays_as_they_wrote_it() -> None:
    title = "Devolución de libros"
    assert MadeTitle.of(TitleKind.REFUND, title, {}).written_in("en") == f"Refund: {title}"
    assert cast.asked(title=title).shown_title == title


def test_nothing_is_told_that_the_title_does_not_say() -> None:
    """The ledger vouches for the title alone: what it is said to be made of is believed only where both agree."""
    other = MadeTitle((TitleKind.REFUND,), "A villa").to_json()
    assert of_a_refund(title_made_of=other).shown_title == WRITTEN


def test_no_title_is_longer_than_its_column() -> None:
    request = of_a_refund(
        title=MadeTitle((TitleKind.REFUND,), "x" * LONGEST_TITLE).written_in("es"),
        title_made_of=MadeTitle((TitleKind.REFUND,), "x" * LONGEST_TITLE).to_json(),
    )
    assert len(request.title) == LONGEST_TITLE
    assert request.shown_title.startswith("Refund: x")


@pytest.mark.parametrize(
    "path", ["/admin/payments/paymentrequest/", "/admin/payments/payment/", "/admin/to-do/?tab=payer"]
)
def test_pages_of_staff_tell_it_in_theirs(path: str) -> None:
    cast.paid_to_maria(of_a_refund())
    boss = User.objects.create_superuser("boss")
    page = cast.signed_in(boss).get(path, headers={"accept-language": "en"}).content.decode()
    assert WRITTEN not in page
    assert READ in page
