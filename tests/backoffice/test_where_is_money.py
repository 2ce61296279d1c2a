"""“Where is my money?”: whatever somebody knows of it leads there in one step, and says where it stands, truly."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backoffice import roles
from backoffice.where_is_money import page as where_page
from backoffice.where_is_money import palette
from jobs.models import JobStatus, Member, Payout, SubmissionStatus
from jobs.self_service import write_note
from payments.find_money import LookedFor
from payments.models import IncomingPayment, Payment
from payments.states import PaymentState, RequestState
from tests import cast
from tests.cast import applied, asked, handed_in, job, member, paid_to_maria, person, signed_in
from tests.dialogs import confirm

pytestmark = pytest.mark.django_db
PAGE = "/admin/where-is-the-money/"


def in_role(role: str) -> Client:
    user = User.objects.create_user(role.replace(" ", "-"), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return signed_in(user)


def words(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", text))).replace("\xa0", " ")


def found(client: Client, text: str, language: str = "en") -> str:
    client.cookies["tequio_language"] = language
    answer = client.get(PAGE, {"q": text})
    assert answer.status_code == 200
    page = answer.content.decode()
    return words(page[page.index('class="tequio-cards"') :].split("</main>")[0])


def palette_links(client: Client, text: str) -> list[str]:
    answer = client.get("/admin/search/", {"extended": "1", "s": text})
    assert answer.status_code == 200
    return re.findall(r'<a href="([^"]+)"', answer.content.decode())


def marias() -> tuple[Member, Payment]:
    """María did the work of a job, and the choir was asked to pay her for it."""
    maria = member("María Hernández", email="maria@example.org", wallet=cast.wallet(cast.RECEIVER_WALLET))
    work = applied(job(JobStatus.REVIEWING, title="Cuentos en náhuatl", reference="PO-2026-118"), maria)
    choir = member("Coro de Oaxaca", email="coro@example.org", wallet=cast.wallet(cast.PAYER_WALLET))
    payment = paid_to_maria(asked(payer_key=choir.key), receiver_key=maria.key)
    Payout.objects.create(application=work, payment=payment)
    return maria, payment


@pytest.mark.parametrize(
    ("text", "amount", "code"),
    [
        ("1,250.50", "1250.50", ""),
        ("$1,250", "1250", ""),
        ("1.250,50 mxn", "1250.50", "MXN"),
        ("MXN 1 250,5", "1250.5", "MXN"),
        ("12.345.678", "12345678", ""),
        ("1.5 kilos", "None", ""),
        ("Maria", "None", ""),
    ],
)
def test_an_amount_is_read_however_it_is_written(text: str, amount: str, code: str) -> None:
    wanted = LookedFor.read(text)
    assert (str(wanted.amount), wanted.currency) == (amount, code)


def test_whatever_is_known_of_a_payment_finds_it_in_one_step() -> None:
    maria, payment = marias()
    other = paid_to_maria(asked(title="Another", reference="PO-9"), value=99_00, receiver_wallet=cast.wallet("juan"))
    incoming = IncomingPayment.objects.create(
        payment=payment,
        wallet=payment.receiver_wallet,
        value=payment.value,
        asset_code="MXN",
        asset_scale=2,
        remote_id="https://bank.example/incoming-payments/7c1e",
    )
    root = in_role(roles.ADMINISTRATOR)
    link = f"/admin/payments/payment/{payment.pk}/change/"
    known = (
        payment.pk,
        payment.pk.lower(),
        payment.request_id,
        incoming.pk,
        incoming.remote_id,
        "po-2026-118",
        payment.receiver_wallet.url,
        payment.receiver_wallet.url.replace("https://", "$"),
        "MARIA@example.org",
        "maria hernandez",
        "Hernández",
        str(maria.pk),
        "cuentos nahuatl",
        "1,250.00",
        "$1250 MXN",
        "coro@example.org",
    )
    for text in known:
        assert link in palette_links(root, text), text
    for text in (payment.pk, incoming.remote_id, "maria hernandez", "po-2026-118", "1,250.00"):
        assert "Coro de Oaxaca opens the link from the email" in found(root, text), text
    for text in (payment.pk, incoming.remote_id, "po-2026-118", "1,250.00"):
        assert f"/admin/payments/payment/{other.pk}/change/" not in palette_links(root, text), text
    for nothing in ("1,250.01", "1250 USD", "https://[x", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "9" * 30, "%", "[a"):
        assert link not in palette_links(root, nothing), nothing
    assert "Nothing was found for" in found(root, "https://[x")


def test_each_state_is_told_with_whose_turn_it_is_and_a_reply_that_agrees_with_it() -> None:
    told = {
        (RequestState.QUOTED, PaymentState.QUOTED): ("Staff", "send the approval request", "no se le ha pedido"),
        (RequestState.AWAITING_APPROVAL, PaymentState.QUOTED): ("The payer", "approves in their wallet", "pedimos"),
        (RequestState.APPROVED, PaymentState.APPROVED): ("Tequio", "about to be sent", "a punto de enviarse"),
        (RequestState.APPROVED, PaymentState.UNKNOWN): ("Tequio", "nothing is sent twice", "todavía no confirma"),
        (RequestState.APPROVED, PaymentState.SENT): ("Tequio", "took the order", "envió"),
        (RequestState.APPROVED, PaymentState.NEEDS_ATTENTION): ("Staff", "Nobody takes care", "Alguien lo está"),
        (RequestState.SETTLED, PaymentState.SETTLED): ("Nobody", "reported", "informó"),
        (RequestState.DECLINED, PaymentState.CANCELLED): ("Staff", "Declined by the payer", "no se tomó nada"),
        (RequestState.FAILED, PaymentState.FAILED): ("Staff", "nothing arrived", "no llegó nada"),
    }
    root = in_role(roles.ADMINISTRATOR)
    for (request_state, state), (turn, sentence, reply) in told.items():
        payment = paid_to_maria(asked(request_state), state)
        text = found(root, payment.pk)
        assert f"Whose turn: {turn}" in text, state
        assert sentence in text, (state, text)
        assert "Hola, María Hernández:" in text, state
        assert reply in text.split("Hola, María")[1], (state, text)


def test_what_nobody_asked_for_yet_is_an_answer_too() -> None:
    juan = member("Juan Pérez", wallet=None, language="en")
    work = applied(job(JobStatus.REVIEWING), juan)
    root = in_role(roles.ADMINISTRATOR)
    assert "no work is accepted so far" in found(root, "juan perez")
    handed_in(work, SubmissionStatus.ACCEPTED)
    text = found(root, juan.email)
    assert "Not asked for" in text
    assert "the worker has no wallet yet" in text
    assert "To pay you we need the address of your wallet" in text


def test_a_note_opens_at_the_money_of_whoever_wrote_it_and_is_set_aside_there() -> None:
    maria, payment = marias()
    note = write_note(maria.pk, "No me han pagado el cuento.")
    staff = in_role(roles.PLATFORM_STAFF)
    begin = staff.get(PAGE).content.decode()
    assert f'href="?note={note.pk}"' in begin
    told = staff.get(PAGE, {"note": note.pk}).content.decode()
    assert "No me han pagado el cuento." in told
    assert f'href="/admin/payments/payment/{payment.pk}/change/"' in told
    done = re.findall(r'href="([^"]+/done/?)"', told)[0]
    confirm(staff, done)
    note.refresh_from_db()
    assert note.handled_at
    assert staff.get(PAGE, {"note": "999"}).status_code == 404


def test_to_look_again_is_offered_to_whoever_may_while_a_wallet_has_something_to_say() -> None:
    def looks(client: Client, payment: Payment) -> list[str]:
        text = client.get(PAGE, {"q": payment.pk}).content.decode()
        return re.findall(r'hx-get="([^"]+look_again/?)"', text)

    sent = paid_to_maria(asked(RequestState.APPROVED), PaymentState.SENT)
    stopped = paid_to_maria(asked(RequestState.APPROVED), PaymentState.NEEDS_ATTENTION)
    over = cast.settled()
    staff = in_role(roles.PLATFORM_STAFF)
    assert [bool(looks(staff, one)) for one in (sent, stopped, over)] == [True, True, False]
    assert staff.get(looks(staff, sent)[0]).status_code == 200
    assert staff.get(looks(staff, stopped)[0]).status_code == 200
    auditor = in_role(roles.AUDITOR)
    assert [looks(auditor, one) for one in (sent, stopped)] == [[], []]


def test_who_may_see_a_part_finds_that_part() -> None:
    _maria, payment = marias()
    nobody = signed_in(person("nadie"))
    assert nobody.get(PAGE).status_code == 403
    assert palette_links(nobody, payment.pk) == []
    jobs_only = signed_in(person("jobs", "jobs.view_member", "jobs.view_job"))
    assert palette_links(jobs_only, payment.pk) == []
    kinds = {link.split("/")[3] for link in palette_links(jobs_only, "maria")}
    assert kinds == {"member"}
    assert palette_links(jobs_only, "jobs") == ["/admin/jobs/job/"]


def test_answers_are_bounded_say_so_and_cost_the_same_for_few_and_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(where_page, "MOST", 2)
    monkeypatch.setattr(palette, "MOST", 2)
    root = in_role(roles.ADMINISTRATOR)
    maria, _payment = marias()

    def cost(path: str, query: dict[str, str]) -> int:
        root.get(path, query)
        with CaptureQueriesContext(connection) as queries:
            root.get(path, query)
        return len(queries)

    asks = ((PAGE, {"q": "maria hernandez"}), ("/admin/search/", {"extended": "1", "s": "maria hernandez"}))
    few = [cost(*ask) for ask in asks]
    request = asked(payer_key="member:0")
    for _ in range(2):
        paid_to_maria(request, receiver_key=maria.key)
    assert [cost(*ask) for ask in asks] == few
    assert f"More than {where_page.MOST} payments match" in found(root, "maria hernandez")
    assert len(palette_links(root, "maria hernandez")) <= 5 * palette.MOST + 1
    assert f"More than {palette.MOST} were found" in root.get(*asks[1]).content.decode()
