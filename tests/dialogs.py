"""Dialogs as a browser uses them."""

import re
from typing import TYPE_CHECKING

from django.test import Client
from django.utils.html import escape

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer
else:
    from django.http import HttpResponse as Answer

__all__ = ["Answer", "confirm", "dialog", "hidden"]


def dialog(client: Client, url: str) -> dict[str, str]:
    """What the browser sends when the dialog at `url` is confirmed as it was opened."""
    shown = client.get(url)
    assert shown.status_code == 200
    # Who presses Enter before a script has seen the dialog sends it to the dialog, not to the page behind it.
    page = shown.content.decode()
    assert 'id="dialog"' not in page or f'action="{escape(url)}"' in page
    return hidden(shown)


def hidden(shown: Answer) -> dict[str, str]:
    """The hidden fields of the forms on a page."""
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown.content.decode())
    return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


def confirm(client: Client, url: str, **more: str) -> Answer:
    return client.post(url, {**dialog(client, url), **more}, headers={"HX-Request": "true"})
