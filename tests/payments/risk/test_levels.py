"""Who sets how strictly a warning counts, and that two people do."""

import pytest
from django.urls import reverse

from ledger.api import timeline
from payments.actions import proposals
from payments.models import Proposal, RiskLevel, RiskSetting
from payments.models.proposals import ProposalState
from payments.presentation.timeline_text import describe
from payments.risk.warnings import levels
from tests.cast import person, signed_in

pytestmark = pytest.mark.django_db

MAY = tuple(f"payments.{may}_risksetting" for may in ("view", "add", "change"))
LIST = "admin:payments_risksetting_changelist"
ADD = "admin:payments_risksetting_add"


def test_a_new_installation_shows_everything_and_stops_nothing() -> None:
    assert set(levels().values()) == {RiskLevel.SHOWN}


def test_one_administrator_proposes_and_another_agrees() -> None:
    ana, beto = person("ana", *MAY), person("beto", *MAY, "payments.view_proposal")
    client = signed_in(ana)
    client.post(reverse(ADD), {"check_name": "duplicate", "level": "block"})
    assert not RiskSetting.objects.exists()
    proposal = Proposal.objects.get()
    page = signed_in(beto).get(reverse("admin:payments_proposal_change", args=[proposal.pk])).content.decode()
    assert "Looks like a duplicate" in page
    proposals.approve(proposal.pk, by=beto)
    assert levels()["duplicate"] == RiskLevel.BLOCK
    row = RiskSetting.objects.get()
    (entry,) = timeline([("risk_level", str(row.pk))])
    assert describe(entry).text.startswith("Before money is sent, “Looks like a duplicate” is: Block")
    client.post(reverse("admin:payments_risksetting_delete", args=[row.pk]), {"post": "yes"})
    assert RiskSetting.objects.exists(), "removing it is proposed as well"
    proposals.approve(Proposal.objects.get(state=ProposalState.WAITING).pk, by=beto)
    assert levels()["duplicate"] == RiskLevel.SHOWN


def test_alone_it_counts_at_once_and_a_level_is_changed_in_its_row() -> None:
    client = signed_in(person("ana", *MAY))
    client.post(reverse(ADD), {"check_name": "duplicate", "level": "tick"})
    row = RiskSetting.objects.get()
    again = client.post(reverse(ADD), {"check_name": "duplicate", "level": "off"}).content.decode()
    assert "in the list already" in again
    client.post(reverse("admin:payments_risksetting_change", args=[row.pk]), {"level": "off"})
    assert RiskSetting.objects.get().level == RiskLevel.OFF


def test_whoever_may_not_change_them_reads_them() -> None:
    reader = signed_in(person("eva", "payments.view_risksetting"))
    assert "Looks like a duplicate" in reader.get(reverse(LIST)).content.decode()
    assert reader.get(reverse(ADD)).status_code == 403
    assert reader.post(reverse(ADD), {"check_name": "duplicate", "level": "off"}).status_code == 403
    assert not Proposal.objects.exists()
