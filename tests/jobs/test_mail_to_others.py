"""Mail to others that names an erased member loses the name, and nothing that the program reads in it."""

import pytest

from jobs.personal_data.mail_to_others import NOBODY, forget_in_mail_to_others
from payments.models import Message
from payments.models.messages import Template

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["Ana Cruz", "title", "subjects", "MXN", "125000", "cash"])
def test_only_words_that_people_read_lose_the_name(name: str) -> None:
    kept = {
        "amount": {"value": "125000", "assetCode": "MXN", "assetScale": 2},
        "subjects": {"paid_outside": "01K"},
        "way": "cash",
        "key": "member:7",
        "paid_on": "2026-11-01",
    }
    message = Message.objects.create(
        template=Template.PAID_FOR_PAYER,
        to_name="Sol",
        to_email="sol@example.org",
        language="es",
        details={**kept, "title": f"A story by {name}", "receiver": name, "rows": [["Who", name]]},
        occasion="test",
    )
    forget_in_mail_to_others([name], [])
    message.refresh_from_db()
    assert message.details == {**kept, "title": f"A story by {NOBODY}", "receiver": NOBODY, "rows": [["Who", NOBODY]]}


def test_why_somebody_declined_goes_with_them() -> None:
    told = {"title": "Songs", "rows": [["Payer", "Ana Cruz"]], "why": ["The payer declined. “My mother is ill”"]}
    mails = [
        Message.objects.create(
            template=Template.NOT_APPROVED,
            to_name="Rosa",
            to_email="rosa@example.org",
            language="es",
            details={**told, "subjects": {"request": request}},
            occasion=request,
        )
        for request in ("01A", "01B")
    ]
    forget_in_mail_to_others(["Ana Cruz"], [], {"01A"})
    for mail in mails:
        mail.refresh_from_db()
    assert [mail.details["why"] for mail in mails] == [[], told["why"]]
    assert mails[0].details["rows"] == [["Payer", NOBODY]]
