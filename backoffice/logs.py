"""Logs name things, never secrets: approval links and anything that looks like a token are masked.

Every line says which part of the program it is from (`[webhook]`, `[payment-finish]`, `[engine]` …), for which request.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Final

SECRETS = re.compile(
    r"(/(?:(?:ap)?prove|w|f|forgotten|no-mail)/)[^\s\"'?]+"
    r"|(GNAP )[^\s\"',]+|((?:hash|interact_ref|return|token|proof)=)[^\s&\"']+",
    re.IGNORECASE,
)


def mask(text: str) -> str:
    return SECRETS.sub(lambda match: next(group for group in match.groups() if group) + "***", text)


class MaskFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        masked = mask(record.getMessage())
        record.msg, record.args = masked, None
        if record.exc_info and not record.exc_text:
            record.exc_text = mask(logging.Formatter().formatException(record.exc_info))
        return True


#: Which part of the program a logger belongs to: the longest beginning of its name counts.
PARTS: Final = {
    "payments.pages.finish": "payment-finish",
    "payments.actions.approvals": "payment-finish",
    "payments.pages.incoming_webhook": "webhook",
    "payments.actions.incoming_webhooks": "webhook",
    "payments.webhooks": "webhook",
    "payments.worker.webhook_turns": "webhook",
    "payments.engine": "engine",
    "payments.openpayments": "wallet",
    "payments.worker": "worker",
    "payments.worker.ledger_checks": "ledger",
    "payments.mail": "mail",
    "payments.reconciliation": "reconciliation",
    "payments.api": "api",
    "jobs": "jobs",
    "ledger": "ledger",
    "backoffice.finance.exports": "export",
    "django-q": "worker",
}
OTHER: Final = "web"


def part_of(logger: str) -> str:
    names = logger.split(".")
    beginnings = (".".join(names[:length]) for length in range(len(names), 0, -1))
    return next((PARTS[beginning] for beginning in beginnings if beginning in PARTS), OTHER)


class PartFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.part = part_of(record.name)
        return True


class JsonLine(logging.Formatter):
    """One JSON object a line, after the filters of this module and of `requestid`."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "part": vars(record)["part"],
            "logger": record.name,
            "request_id": vars(record)["request_id"],
            "payment_request": vars(record)["payment_request"],
            "message": record.getMessage(),
        }
        if record.exc_text:
            line["traceback"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)
