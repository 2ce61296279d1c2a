"""What the doctor says: one line for each thing that was looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"  # it works, and should be put right
    BAD = "bad"  # money, mail or people wait, or will


@dataclass(frozen=True)
class Diagnosis:
    """What was looked at (`part`, a word that stays the same), what was found, and what to do about it."""

    part: str
    verdict: Verdict
    sentence: str
    advice: str = ""


def ok(part: str, sentence: str) -> Diagnosis:
    return Diagnosis(part, Verdict.OK, sentence)


def warn(part: str, sentence: str, advice: str) -> Diagnosis:
    return Diagnosis(part, Verdict.WARN, sentence, advice)


def bad(part: str, sentence: str, advice: str) -> Diagnosis:
    return Diagnosis(part, Verdict.BAD, sentence, advice)
