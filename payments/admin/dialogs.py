"""How an action of these pages is declared, and all that its dialog, its one POST and its answer have in common.

`dialog_action` has an action's words and its permission. Below it, `DecisionOn` makes one decision on one row, and
`asks_for_money` makes a payment request; what only reads, or asks wallets, answers by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise, keep_lazy_text
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from payments.models import PaymentRequest
from payments.presentation.reasons import Refusal
from payments.worker.advance_now import advance_now, is_under_way

Row = TypeVar("Row", bound=Model)
Form = TypeVar("Form", bound=BaseDialogForm)
Sentence = str | Promise
#: What Unfold calls with a dialog that was confirmed: the admin, the request, the form, and what the path names.
Handler = Callable[[Any, HttpRequest, Form, str], HttpResponse]

#: How long a person waits for the wallets, in seconds, before their page shows how it stands.
WAIT_SECONDS = 8.0
#: Digits of the largest number that every database takes.
LONGEST_NUMBER = 18


class SeenForm(BaseDialogForm):
    """A dialog that carries what it showed, so that a click on something older, or a second click, does nothing."""

    #: Said instead of acting on something older.
    outdated: Sentence = _(
        "Something changed since you opened the dialog, so nothing was done. Look again, then decide."
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.now()

    def now(self) -> str:
        """What the dialog shows, in short; whatever makes another answer right must change it."""
        raise NotImplementedError

    @property
    def is_current(self) -> bool:
        return bool(self.cleaned_data["seen"] == self.now())


class RefusableForm(BaseDialogForm):
    """A dialog that says by itself why what it asked for was refused."""

    def refused(self, refusal: Refusal) -> BaseDialogForm:
        """The same dialog as things are now, with all that was written in it, and the sentence."""
        raise NotImplementedError


class OutdatedDialog(Exception):
    """What a dialog showed is no longer so. Its text says that nothing was done."""


def dialog_action(  # noqa: PLR0913 - the words of a dialog
    label: Sentence,
    *,
    permission: str,
    icon: str,
    title: Sentence,
    submit: Sentence,
    description: Sentence = "",
    form: type[BaseDialogForm] = BaseDialogForm,
    variant: ActionVariant = ActionVariant.DEFAULT,
    path: str | None = None,
) -> Callable[[Callable[..., HttpResponse]], Any]:
    """The one way to declare an action: a button, a dialog, one POST. `path` ends its URL where its name doesn't.

    Unfold lets every staff user do what names no permission, and runs on GET what has no dialog: so nothing is declared
    without. The admin's `has_<permission>_permission` decides who may. What is decorated may raise Refusal: then the
    dialog says so, with what was written in it.
    """
    dialog = {"title": title, "description": description, "form_class": form, "form_submit_text": submit}
    words = {"description": label, "icon": icon, "variant": variant, "url_path": path}
    decorator: Callable[[Callable[..., HttpResponse]], Any] = action(permissions=[permission], dialog=dialog, **words)

    def declare(handler: Callable[..., HttpResponse]) -> Any:
        @wraps(handler)
        def answered(admin: Any, request: HttpRequest, form: BaseDialogForm, **path: str) -> HttpResponse:
            try:
                return handler(admin, request, form, *path.values())
            except Refusal as refusal:
                return _shown_again(admin, request, form, refusal, dialog)

        return decorator(answered)

    return declare


def _shown_again(
    admin: Any, request: HttpRequest, form: BaseDialogForm, refusal: Refusal, dialog: dict[str, Any]
) -> HttpResponse:
    """The dialog once more, as things are now, with the sentence; where it can't be, the page that it is about."""
    try:
        again = form.refused(refusal) if isinstance(form, RefusableForm) else _sent_again(form)
    except Http404:
        messages.error(request, str(refusal))
        return go(request, _page(admin, str(form.object_id or ""), "change" if form.object_id else "changelist"))
    # Whoever words it itself says it where it belongs.
    told = "" if isinstance(form, RefusableForm) else str(refusal)
    context = {"dialog": dialog, "form": again, "form_submit_text": dialog["form_submit_text"], "refused": told}
    return render(request, "unfold/helpers/dialog.html", context)


def _sent_again(form: Form) -> Form:
    again: Form = type(form)(form.request, form.object_id, data=form.data)
    return again


@dataclass(frozen=True)
class DecisionOn(Generic[Row]):
    """A decision on one row: it is taken first, then decided on once, as the dialog showed it, all in one transaction.

    `take` answers with the row of that id, locked unless what is decided takes it by itself, or raises DoesNotExist.
    `then` follows a decision that was made, outside of its transaction, so that it can ask wallets. The person comes
    back to the list or the other page on which they opened the dialog; from the row's own, to `back`.

    What is decorated gets the row, who decides, and the form. It answers with a sentence for them, or raises Refusal:
    where somebody wrote a text, the dialog says so with that text, else the page that they come back to.
    """

    take: Callable[[str], Row]
    then: Callable[[HttpRequest, Row], None] | None = None
    back: Literal["change", "changelist"] = "change"

    def __call__(self, decide: Callable[[Any, Row, User, Form], Sentence]) -> Handler[Form]:
        @wraps(decide)
        def handler(admin: ModelAdmin[Row], request: HttpRequest, form: Form, object_id: str) -> HttpResponse:
            try:
                with transaction.atomic():
                    row = self._taken(object_id)
                    done = str(decide(admin, row, staff(request), _read_again(form)))
            except OutdatedDialog as outdated:
                messages.warning(request, str(outdated))
            except Refusal as refusal:
                if _has_text(form):
                    raise
                messages.error(request, str(refusal))
            else:
                messages.success(request, done)
                if self.then:
                    self.then(request, row)
            return go(request, self._way_back(admin, request, object_id))

        return handler

    def _way_back(self, admin: ModelAdmin[Row], request: HttpRequest, object_id: str) -> str:
        """Where the dialog was opened, if that was another page of the admin than the row's own."""
        opened = request.headers.get("HX-Current-URL", "")
        if not url_has_allowed_host_and_scheme(opened, {request.get_host()}, require_https=request.is_secure()):
            opened = ""
        address = urlsplit(opened)
        if address.path.startswith(reverse("admin:index")) and address.path != _page(admin, object_id, "change"):
            return address._replace(scheme="", netloc="", fragment="").geturl()
        return _page(admin, object_id, self.back)

    def _taken(self, object_id: str) -> Row:
        try:
            return self.take(object_id)
        except ObjectDoesNotExist as error:
            raise Http404 from error


def _read_again(form: Form) -> Form:
    """The same answer to the dialog as it would be shown now that the row is held. Raises OutdatedDialog."""
    if not isinstance(form, SeenForm):
        return form
    again = _sent_again(form)
    if not (again.is_valid() and again.is_current):
        raise OutdatedDialog(str(again.outdated))
    return again


def _has_text(form: BaseDialogForm) -> bool:
    """Somebody wrote more into it than they would like to write again."""
    texts = (name for name, field in form.fields.items() if isinstance(field.widget, forms.Textarea))
    return any(str(form.data.get(name, "")).strip() for name in texts)


def asks_for_money(ask: Callable[[Any, User, Form], PaymentRequest]) -> Handler[Form]:
    """A dialog that makes a payment request: then its quote is fetched, and shown on its page.

    What is decorated gets who asks, and the form. It answers with the request, or raises Refusal: the dialog says so.
    """

    @wraps(ask)
    def handler(admin: ModelAdmin[Any], request: HttpRequest, form: Form, object_id: str) -> HttpResponse:
        del object_id  # The form has it.
        made = ask(admin, staff(request), form)
        advance_now(made.pk, WAIT_SECONDS)
        return go(request, reverse("admin:payments_paymentrequest_change", args=[made.pk]))

    return handler


def say_how_it_stands(http: HttpRequest, request: PaymentRequest, state: Sentence) -> None:
    """What a person who had the wallets asked is told: `state` is how it stands, or stands so far."""
    if is_under_way(request):
        still = _("The wallets take longer than you can wait for: we go on asking them. So far: “%(state)s”.")
        messages.info(http, still % {"state": state})
    else:
        messages.info(http, _("Looked at just now: “%(state)s”.") % {"state": state})


@keep_lazy_text
def with_wait(text: str) -> str:
    """`text` with its %(seconds)s: how long a person waits at most. A lazy text stays one."""
    return text % {"seconds": int(WAIT_SECONDS)}


def staff(request: HttpRequest) -> User:
    """Who is asking: the admin lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def number_of(object_id: object) -> int:
    """The key of the row that a path names; 0, which no row has, for what can't be one."""
    text = str(object_id)
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else 0


def sent_form_id(form: forms.Form) -> str:
    """The one-time id that the browser sent, before the form is checked, as every database takes it."""
    return str(form.data.get("form_id", "")).replace("\0", "") if form.is_bound else ""


def go(request: HttpRequest, url: str) -> HttpResponse:
    """To `url`, from a dialog (htmx) as well as from a plain form."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _page(admin: ModelAdmin[Any], object_id: str, name: Literal["change", "changelist"]) -> str:
    page = f"admin:{admin.opts.app_label}_{admin.opts.model_name}_{name}"
    return reverse(page, args=[object_id] if name == "change" else [])
