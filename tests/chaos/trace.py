"""A run as one hash: what happened in each flow, in order, without ids, addresses and moments."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from ledger.models import Entry
from tests.chaos.flows.base import Flow

TOLD = ("ceiling", "debit", "amount", "received", "limit", "receive", "reason", "decision", "way")


def lines(flows: Sequence[Flow]) -> list[str]:
    """One line per ledger entry of each flow: number, kind, who, amounts and reason."""
    flow_of = {request_id: flow.number for flow in flows for request_id in flow.requests}
    entries = Entry.objects.order_by("recorded_at", "id").values_list("kind", "actor_kind", "body")
    told: list[tuple[int, str]] = []
    for kind, actor, body in entries.iterator(chunk_size=2000):
        content = json.loads(body)
        line = f"{kind} {actor} {_facts(content['data'])}"
        named = content["subjects"].get("request", [])
        told += [(flow_of[request_id], line) for request_id in named if request_id in flow_of]
    # Stable: the order within a flow is the order of the ledger.
    told.sort(key=lambda line: line[0])
    return [f"{number} {text}" for number, text in told]


def digest(told: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _facts(data: dict[str, Any]) -> str:
    return json.dumps({name: data[name] for name in TOLD if name in data}, sort_keys=True)
