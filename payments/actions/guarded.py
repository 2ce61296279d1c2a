"""What two administrators change together: rules, limits for unproven wallets, levels of warnings, sellers.

See `actions.proposals`.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from ledger.api import Actor
from payments.actions import proposals, sellers, set_limits, set_risk_levels, set_rules
from payments.actions.proposals import ProposalKind
from payments.actions.set_rules import RuleTerms
from payments.authorisation import EVERY_OTHER, code_of, snapshot_of
from payments.models import ProofLimit, Proposal, RiskLevel, RiskSetting, SecondPersonRule, Seller
from payments.models.rules import CHANGED_DAYS, ActionKind, Measure, ReceiverState
from payments.openpayments.amounts import Amount, Asset

RULE, PROOF_LIMIT, SELLER, RISK_LEVEL = "rule", "proof_limit", "seller", "risk_level"
#: Between the parts of what a rule is about. No currency's code has it: it is no visible character of one.
APART: Final = " "


def propose_rule(limit: Amount, terms: RuleTerms, *, by: User) -> Proposal:
    """As `set_rules.set_rule`, by two."""
    set_rules.check_terms(terms)
    row = _row(limit, terms)
    return proposals.propose(RULE, about_rule(row), snapshot_of(row), by=by)


def _row(limit: Amount, terms: RuleTerms) -> SecondPersonRule:
    """The rule as it would stand; not saved."""
    row = SecondPersonRule(asset_code=code_of(limit.asset), asset_scale=limit.asset.scale, limit=limit.value)
    row.measure, row.action, row.receiver, row.days = terms.measure, terms.action, terms.receiver, terms.days
    return row


def propose_start_set(alone: Amount, *, by: User) -> list[Proposal]:
    """Rules to begin with: `alone` is what one person may send at once in its currency; in others, nothing.

    Twice as much in 24 hours, and nothing to a wallet that changed lately. Rules that are so already are left out.
    """
    nothing = Amount(0, alone.asset)
    wanted = (
        (alone, RuleTerms()),
        (Amount(2 * alone.value, alone.asset), RuleTerms(Measure.DAY)),
        (nothing, RuleTerms(receiver=ReceiverState.CHANGED)),
        (Amount(0, Asset(EVERY_OTHER, 0)), RuleTerms()),
    )
    return [propose_rule(limit, terms, by=by) for limit, terms in wanted if not _is_so(limit, terms)]


def _is_so(limit: Amount, terms: RuleTerms) -> bool:
    row = _row(limit, terms)
    return _rule_now(about_rule(row)) == snapshot_of(row)


def propose_no_rule(row: SecondPersonRule, *, by: User) -> Proposal:
    return proposals.propose(RULE, about_rule(row), {}, by=by)


def about_rule(row: SecondPersonRule) -> str:
    """What names a rule also before there is one: its currency, and what it is about."""
    return APART.join([row.asset_code, str(row.measure), str(row.action), str(row.receiver)])


def _rule(about: str) -> SecondPersonRule | None:
    code, measure, action, receiver = about.rsplit(APART, 3)
    rows = SecondPersonRule.objects.filter(asset_code=code, measure=measure, action=action, receiver=receiver)
    return rows.first()


def _rule_now(about: str) -> dict[str, Any]:
    row = _rule(about)
    return snapshot_of(row) if row else {}


def _make_rule(about: str, after: Mapping[str, Any], by: User) -> None:
    row = _rule(about)
    if after:
        about_it = Measure(after["measure"]), ActionKind(after["action"]), ReceiverState(after["receiver"])
        set_rules.set_rule(_amount(after), by, RuleTerms(*about_it, days=after.get("days", CHANGED_DAYS)))
    elif row:
        set_rules.remove_rule(row, by)


def _amount(snapshot: Mapping[str, Any]) -> Amount:
    if (written := snapshot.get("every_other")) is not None:
        return Amount.from_major(written, Asset(EVERY_OTHER, len(written.partition(".")[2])))
    return Amount.from_wire(snapshot["limit"])


def propose_proof_limit(limit: Amount, *, by: User) -> Proposal:
    """As `set_limits.set_proof_limit`, by two."""
    row = ProofLimit(asset_code=code_of(limit.asset), asset_scale=limit.asset.scale, limit=limit.value)
    return proposals.propose(PROOF_LIMIT, row.asset_code, set_limits.snapshot_of(row), by=by)


def propose_no_proof_limit(row: ProofLimit, *, by: User) -> Proposal:
    return proposals.propose(PROOF_LIMIT, row.asset_code, {}, by=by)


def _proof_limit_now(code: str) -> dict[str, Any]:
    row = ProofLimit.objects.filter(asset_code=code).first()
    return set_limits.snapshot_of(row) if row else {}


def _make_proof_limit(code: str, after: Mapping[str, Any], by: User) -> None:
    if after:
        set_limits.set_proof_limit(_amount(after), by)
    elif row := ProofLimit.objects.filter(asset_code=code).first():
        set_limits.remove_limit(row, by)


def propose_risk_level(check_name: str, level: RiskLevel, *, by: User) -> Proposal:
    """As `set_risk_levels.set_risk_level`, by two."""
    return proposals.propose(RISK_LEVEL, check_name, {"level": str(level)}, by=by)


def propose_no_risk_level(row: RiskSetting, *, by: User) -> Proposal:
    return proposals.propose(RISK_LEVEL, row.check_name, {}, by=by)


def _risk_level_now(check_name: str) -> dict[str, Any]:
    row = RiskSetting.objects.filter(check_name=check_name).first()
    return set_risk_levels.snapshot_of(row) if row else {}


def _make_risk_level(check_name: str, after: Mapping[str, Any], by: User) -> None:
    if after:
        set_risk_levels.set_risk_level(check_name, RiskLevel(after["level"]), by)
    elif row := RiskSetting.objects.filter(check_name=check_name).first():
        set_risk_levels.remove_risk_level(row, by)


def propose_seller(seller_id: str, changes: Mapping[str, Any], *, by: User) -> Proposal:
    """Change these of what `seller_now` tells of a seller, by two."""
    return proposals.propose(SELLER, seller_id, {**seller_now(seller_id), **changes}, by=by)


@transaction.atomic
def register_seller(seller_id: str, key: tuple[str, str], wanted: Mapping[str, Any], *, by: User) -> Proposal:
    """Make a new seller that nothing is asked for with; a second person lets it be used, with what is `wanted` of it.

    `key` is its key id and its private key, in PEM.

    Its key is kept at once: no proposal holds one. Raises as `sellers.register`.
    """
    sellers.register(seller_id, wanted["wallet"], *key, default=False, actor=Actor.staff(by.pk))
    sellers.retire(seller_id, by=by)
    return propose_seller(seller_id, {**wanted, "in_use": True}, by=by)


def seller_now(seller_id: str) -> dict[str, Any]:
    """What of a seller two people change; empty when there is none."""
    row = Seller.objects.select_related("wallet").filter(pk=seller_id).first()
    if row is None:
        return {}
    return {
        "in_use": row.retired_at is None,
        "name": row.name,
        "wallet": row.wallet.url,
        "is_default": row.is_default,
        "may_hold_money": row.may_hold_money,
        "approval_email": row.approval_email,
        "approval_language": row.approval_language,
        "fee_share": row.fee_share,
        "fee_each": dict(row.fee_each.to_wire()) if row.fee_each else None,
    }


def _make_seller(seller_id: str, after: Mapping[str, Any], by: User) -> None:
    each = after["fee_each"]
    sellers.register(
        seller_id,
        after["wallet"],
        name=after["name"],
        default=after["is_default"],
        may_hold_money=after["may_hold_money"],
        approval_email=after["approval_email"],
        approval_language=after["approval_language"],
        fee=sellers.SellerFee(after["fee_share"], Amount.from_wire(each) if each else None),
        actor=Actor.staff(by.pk),
    )
    if after["in_use"]:
        sellers.resume(seller_id, by=by)


def declare() -> None:
    """Called when the program starts."""
    proposals.declare(RULE, ProposalKind("payments.change_secondpersonrule", _rule_now, _make_rule))
    proposals.declare(PROOF_LIMIT, ProposalKind("payments.change_prooflimit", _proof_limit_now, _make_proof_limit))
    levels = ProposalKind("payments.change_risksetting", _risk_level_now, _make_risk_level)
    proposals.declare(RISK_LEVEL, levels)
    private = frozenset({"approval_email"})
    proposals.declare(SELLER, ProposalKind("payments.hold_money_seller", seller_now, _make_seller, private))
