"""Who may ask for what: a key that can be used, the scope that it needs, and a person who may do it, too."""

from http import HTTPStatus
from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from payments.actions import api_keys
from payments.api.problems import ApiProblem, no_key
from payments.buckets import Rate, take_and_count
from payments.models import ApiKey, ApiScope, PaymentRequest

#: What one key may ask, however many programs use it.
OF_A_KEY: Final = Rate(at_once=120, a_second=2)
TAKEN: Final = "api_taken"


class Bearer(HttpBearer):
    """`Authorization: Bearer tq_…`, for whoever may do what an operation does: `scope`, and Django's `permissions`."""

    def __init__(self, scope: ApiScope, *permissions: str) -> None:
        super().__init__()
        self.scope, self.permissions = scope, permissions

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        key = api_keys.usable_key(token)
        if key is None:
            raise no_key()
        taken = take_and_count(f"api key {key.family}", OF_A_KEY)
        setattr(request, TAKEN, taken)
        if taken.wait:
            words = _("These were many requests at once. Ask again later.")
            raise ApiProblem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", words).after(taken.wait)
        if self.scope not in key.scopes:
            words = _("This key may not be used for this.")
            raise ApiProblem(HTTPStatus.FORBIDDEN, "wrong_scope", words, scope=self.scope.value)
        if not key.acts_for.has_perms(self.permissions):
            words = _("The person that this key acts for may not do this.")
            raise ApiProblem(HTTPStatus.FORBIDDEN, "not_permitted", words)
        return key


def key_of(http: HttpRequest) -> ApiKey:
    """With which it is asked, in an operation behind `Bearer`."""
    key = getattr(http, "auth", None)
    assert isinstance(key, ApiKey), "the operation is behind a key"
    return key


def requests_of(key: ApiKey) -> QuerySet[PaymentRequest]:
    """What a key sees: what its marketplace asked for; our own, all that no other marketplace did."""
    if key.marketplace_id:
        return PaymentRequest.objects.filter(api_ask__key__marketplace=key.marketplace_id)
    return PaymentRequest.objects.exclude(api_ask__key__marketplace__isnull=False)
