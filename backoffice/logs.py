"""Logs name things, never secrets: approval links and anything that looks like a token are masked."""

import logging
import re

SECRETS = re.compile(
    r"(/(?:(?:ap)?prove|w|f)/)[^\s\"'?]+|(GNAP )[^\s\"',]+|((?:hash|interact_ref|return|token|proof)=)[^\s&\"']+",
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
