"""Mail to others that names an erased member: to colleagues who were to decide, and to whom their work was paid for."""

import re
from collections.abc import Collection
from typing import Any, Final

from payments.models import Message
from payments.models.messages import Template

#: In the place of a name.
NOBODY: Final = "\N{EN DASH}"
#: What they tell is made of names.
NAMING: Final = (
    Template.SECOND_PERSON,
    Template.DECISION,
    Template.NOT_APPROVED,
    Template.ALONE,
    Template.PAID_FOR_PAYER,
    Template.MENTION,
    Template.DIGEST,
)
#: What the program reads in them: whoever is called as such a thing is not taken out of it.
OF_THE_PROGRAM: Final = frozenset({"amount", "subjects", "way", "key", "paid_on", "path", "link", "setting"})


def forget_in_mail_to_others(names: Collection[str], outside: Collection[str], asked: Collection[str] = ()) -> None:
    """Take `names` out of what those mails keep; of the payments `outside`, also what somebody wrote as evidence.

    Of the requests `asked` of the member, also why they declined.
    """
    words = "|".join(re.escape(name) for name in names if name)
    named = re.compile(rf"(?<!\w)({words})(?!\w)") if words else None
    for message in Message.objects.filter(template__in=NAMING).exclude(details={}).iterator(chunk_size=500):
        told = _without(named, message.details) if named else dict(message.details)
        if told.get("subjects", {}).get("paid_outside") in outside:
            told |= {"rows": [], "why": []}
        if message.template == Template.NOT_APPROVED and told.get("subjects", {}).get("request") in asked:
            told |= {"why": []}
        if told != message.details:
            message.details = told
            message.save(update_fields=["details"])


def _without(named: re.Pattern[str], told: Any) -> Any:
    match told:
        case str():
            return named.sub(NOBODY, told)
        case list():
            return [_without(named, each) for each in told]
        case dict():
            return {key: each if key in OF_THE_PROGRAM else _without(named, each) for key, each in told.items()}
        case _:
            return told
