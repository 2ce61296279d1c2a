"""Mail to others that names an erased member: to colleagues who were to decide, and to whom their work was paid for."""

import json
import re
from collections.abc import Collection
from typing import Final

from payments.models import Message
from payments.models.messages import Template

#: In the place of a name.
NOBODY: Final = "\N{EN DASH}"
#: What they tell is made of names.
NAMING: Final = (Template.SECOND_PERSON, Template.DECISION, Template.ALONE, Template.PAID_FOR_PAYER)


def forget_in_mail_to_others(names: Collection[str], outside: Collection[str]) -> None:
    """Take `names` out of what those mails keep; of the payments `outside`, also what somebody wrote as evidence."""
    words = "|".join(re.escape(json.dumps(name, ensure_ascii=False)[1:-1]) for name in names if name)
    named = re.compile(rf"(?<!\w)({words})(?!\w)") if words else None
    for message in Message.objects.filter(template__in=NAMING).exclude(details={}).iterator(chunk_size=500):
        before = json.dumps(message.details, ensure_ascii=False)
        told = json.loads(named.sub(NOBODY, before)) if named else message.details
        if told.get("subjects", {}).get("paid_outside") in outside:
            told |= {"rows": [], "why": []}
        if told != message.details:
            message.details = told
            message.save(update_fields=["details"])
