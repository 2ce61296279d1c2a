"""A standing budget of a funder: asked of the member as they are now. No network here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from jobs.wallet_changes import check_settled
from payments.desk import budgets
from payments.desk.asking import Contact
from payments.models import Seller
from payments.telling.reasons import Refusal

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from jobs.models import Member
    from payments.desk.budgets import Terms
    from payments.models import StandingBudget


def set_up_budget(member: Member, terms: Terms, *, by: User, form_id: str) -> StandingBudget:
    """Write down what `member` will be asked to allow, signed by the default seller. Raises Refusal."""
    if member.wallet is None:
        raise Refusal("payer_without_wallet", name=member.name)
    check_settled(member)
    seller = Seller.objects.filter(is_default=True).first()
    if seller is None:
        raise Refusal("budget_no_seller")
    return budgets.set_up(
        payer_wallet=member.wallet,
        payer=Contact(member.name, member.email, member.language),
        seller=seller,
        terms=terms,
        requested_by=by,
        form_id=form_id,
        origin_path=reverse("admin:jobs_member_change", args=[member.pk]),
    )
