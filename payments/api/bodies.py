"""The body of what a program asks: JSON that every database can keep."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.parser import Parser

from payments.openpayments.textrules import is_storable


class StorableJson(Parser):
    """No text with NUL, which PostgreSQL refuses, or half a surrogate pair, which is in no encoding: wherever it is."""

    def parse_body(self, request: HttpRequest) -> Any:
        told = super().parse_body(request)
        if not all(map(is_storable, _texts(told))):
            raise HttpError(HTTPStatus.BAD_REQUEST, "a text with NUL or half a surrogate pair")
        return told


def _texts(told: Any) -> Iterator[str]:
    """Without calling itself: the body may be as deep as the parser took it."""
    left = [told]
    while left:
        match left.pop():
            case str() as text:
                yield text
            case dict() as pairs:
                left += [*pairs, *pairs.values()]
            case list() as items:
                left += items
