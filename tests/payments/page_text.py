"""Pages as a person reads them, and what must not have changed by reading them."""

import re
from html import unescape
from typing import Any, Protocol

from django.apps import apps

from payments import links
from payments.models import PaymentRequest


class Answer(Protocol):
    """What Django's test client answers."""

    content: bytes
    status_code: int

    def __getitem__(self, header: str, /) -> str: ...


def url_of(request: PaymentRequest) -> str:
    return links.approval_url(request).removeprefix("http://testserver")


def words(response: Answer) -> str:
    """The page as it is read: no tags, no entities, single spaces."""
    main = response.content.decode().split("<main", 1)[1]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def buttons(response: Answer) -> list[str]:
    """The labels of the buttons that approve."""
    found = re.findall(r'<button class="button"[^>]*>(.*?)</button>', response.content.decode(), re.DOTALL)
    return [re.sub(r"\s+", " ", unescape(label)).strip() for label in found]


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of ours, but for the marks that make the engine look once more."""
    rooms = [model for model in apps.get_models() if model._meta.app_label in {"payments", "ledger", "django_q"}]
    found = {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in rooms}
    for row in found["payments.PaymentRequest"]:
        del row["needs_replan"], row["next_attempt_at"]
    return found
