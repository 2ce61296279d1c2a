"""One thing to do, as pages about several models offer it: the button of a dialog declared elsewhere, or a link."""

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class PageAction:
    """With `dialog` it opens on the page itself, as `admin/_action.html` shows it; without, `path` is where it is done.

    Whoever makes one sees to it that the person may do it; the action itself decides again.
    """

    title: str | Promise
    icon: str
    path: str
    dialog: bool = False
