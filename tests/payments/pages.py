"""Where the pages of a payment request are, and what a person reads on a page."""

import re
from html import unescape
from typing import Protocol

from django.urls import reverse

from payments import links
from payments.models import PaymentRequest


class Answer(Protocol):
    """What Django's test client answers."""

    content: bytes
    status_code: int

    def __getitem__(self, header: str, /) -> str: ...


def url_of(request: PaymentRequest) -> str:
    return links.approval_url(request).removeprefix("http://testserver")


def page(request: PaymentRequest) -> str:
    return reverse("admin:payments_paymentrequest_change", args=[request.pk])


def action(request: PaymentRequest, name: str) -> str:
    return reverse(f"admin:payments_paymentrequest_{name}", args=[request.pk])


def words(response: Answer) -> str:
    """The page as it is read: no tags, no entities, single spaces."""
    main = response.content.decode().split("<main", 1)[-1]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def buttons(response: Answer) -> list[str]:
    """The labels of the buttons that approve."""
    found = re.findall(r'<button class="button"[^>]*>(.*?)</button>', response.content.decode(), re.DOTALL)
    return [re.sub(r"\s+", " ", unescape(label)).strip() for label in found]
