"""What administrators do for people who can't come in, or should not be in: buttons of a person's page."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant

from backoffice.sign_in import entries, lockout, sessions
from backoffice.sign_in.resets import reset_factor
from ledger.api import Actor
from payments.admin.dialogs import DecisionOn, dialog_action, number_of


def _take(object_id: str) -> User:
    return User.objects.select_for_update().get(pk=number_of(object_id))


class SignInActions:
    """For the page of a person: of the three, those that would do something."""

    actions_detail: tuple[str, ...] = ("reset_factor", "lift_lock_out", "end_their_sessions")

    def has_reset_factor_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Of others only: whoever has lost their own proves to another person who they are."""
        user = self._person_to_help(request, object_id)
        return user is not None and user.pk != request.user.pk and Authenticator.objects.filter(user=user).exists()

    def has_lift_lock_out_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        user = self._person_to_help(request, object_id)
        return user is not None and lockout.locked_until(user.get_username()) is not None

    def has_end_their_sessions_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        user = self._person_to_help(request, object_id)
        return user is not None and user.pk != request.user.pk and sessions.count(user) > 0

    def _person_to_help(self, request: HttpRequest, object_id: str | None) -> User | None:
        user = User.objects.filter(pk=number_of(object_id)).first() if object_id else None
        return user if user and self.has_change_permission(request, user) else None  # type: ignore[attr-defined]

    @dialog_action(
        gettext_lazy("Reset second factor"),
        permission="reset_factor",
        icon="phonelink_erase",
        title=gettext_lazy("Reset this person's second factor"),
        description=gettext_lazy(
            "For somebody who lost their phone and their recovery codes. Be sure that it is they who ask: call them. "
            "Their sessions end, they are told by email, and they set up a new one after their password."
        ),
        submit=gettext_lazy("Reset it"),
        variant=ActionVariant.DANGER,
    )
    @DecisionOn(take=_take)
    def reset_factor(self, user: User, by: User, _form: Any) -> str | Promise:
        if not reset_factor(user, by=Actor.staff(by.pk), called=by.get_full_name() or by.get_username()):
            return _("They have no second factor.")
        return _("Their second factor was reset. They set up a new one when they sign in.")

    @dialog_action(
        gettext_lazy("Lift the lock-out"),
        permission="lift_lock_out",
        icon="lock_open",
        title=gettext_lazy("Let this person try again now"),
        description=gettext_lazy("There were too many wrong tries to sign in as them."),
        submit=gettext_lazy("Let them try"),
    )
    @DecisionOn(take=_take)
    def lift_lock_out(self, user: User, by: User, _form: Any) -> str | Promise:
        if lockout.forget(user.get_username()):
            entries.tell("sign_in.lock_lifted", user, by=Actor.staff(by.pk))
        return _("They can try again.")

    @dialog_action(
        gettext_lazy("End their sessions"),
        permission="end_their_sessions",
        icon="logout",
        title=gettext_lazy("End this person's sessions"),
        description=gettext_lazy("Wherever they are signed in, they have to sign in again."),
        submit=gettext_lazy("End them"),
    )
    @DecisionOn(take=_take)
    def end_their_sessions(self, user: User, by: User, _form: Any) -> str | Promise:
        if ended := sessions.end(user):
            entries.tell("sign_in.sessions_ended", user, by=Actor.staff(by.pk), sessions=ended)
        return _("Their sessions have ended.")
