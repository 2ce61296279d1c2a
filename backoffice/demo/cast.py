"""Who plays in the demo: its two wallet providers, its members, and how they pay and approve."""

from urllib.parse import parse_qs, urlsplit

from django.contrib.auth.models import User

from backoffice.demo.wallets import DemoProvider
from jobs.models import Member
from jobs.tasks import sync_request
from payments import links
from payments.actions import approvals
from payments.models import PaymentRequest
from payments.worker.advance_now import advance_now

ENGINE_SECONDS = 60.0


class Cast:
    """`funders` and `workers` are the two wallet providers, `rosa` is the member of staff who does everything."""

    def __init__(self, funders: DemoProvider, workers: DemoProvider, rosa: User) -> None:
        self.funders, self.workers, self.rosa = funders, workers, rosa
        self.members: dict[str, Member] = {}

    def approve(self, request: PaymentRequest, provider: DemoProvider | None = None) -> None:
        """The payer opens the link, approves in their wallet (a funder's, unless at `provider`), and comes back."""
        approvals.approve(request.pk, None)
        page = approvals.wallet_page(self.advance(request.pk))
        assert page, "the sandbox gives every payer a page"
        back = parse_qs(urlsplit((provider or self.funders).approve(page)).query)
        grant_id = links.read_return(back["return"][0])
        came = approvals.came_back(request.pk, grant_id, interact_ref=back["interact_ref"][0], hash=back["hash"][0])
        assert came == "accepted", came

    def advance(self, request_id: str) -> PaymentRequest:
        request = advance_now(request_id, ENGINE_SECONDS)
        sync_request(request_id)
        return request
