"""The switch that stops new money movement: everything, one seller, or one wallet host. Looking goes on meanwhile."""

import re

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from ledger import clock
from ledger.api import Actor, accept_history, record
from payments.mail.queue import queue_notice
from payments.models import Pause, Seller
from payments.models.messages import Template
from payments.models.pauses import PauseCause, PauseScope
from payments.pauses import host_name

_HOST = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)(:[0-9]{1,5})?")


def pause_by_itself(cause: PauseCause) -> Pause:
    """Stop all new money movement, for what the program found. One that is already on is returned as it is."""
    return _start(PauseScope.ALL, "", str(cause.value), None, cause)


def pause(scope: PauseScope, target: str, reason: str, by: User | None) -> Pause:
    """Stop new money movement within `scope`. One that is already on is returned as it is.

    `target` is a seller's id, a wallet's host as in its address (`wallet.example`, `localhost:4000`), or empty for
    everything; `by` is None for whoever runs the program. Raises ValidationError, with a sentence per field.
    """
    target = checked_target(scope, target)
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Say why, so that others know when to resume.")})
    return _start(scope, target, reason, by, PauseCause.PERSON)


def _start(scope: PauseScope, target: str, reason: str, by: User | None, cause: PauseCause) -> Pause:
    try:
        with transaction.atomic():
            started = Pause.objects.create(scope=scope, target=target, reason=reason, started_by=by, cause=cause)
            _tell("pause.started", started, by)
            if cause != PauseCause.PERSON:
                _mail_who_may_resume(started)
    except IntegrityError:
        return Pause.objects.get(scope=scope, target=target, ended_at=None)
    return started


def _mail_who_may_resume(started: Pause) -> None:
    backend = "django.contrib.auth.backends.ModelBackend"
    for user in User.objects.with_perm("payments.change_pause", backend=backend):
        queue_notice(
            Template.PAUSED,
            name=user.get_full_name() or user.get_username(),
            email=user.email,
            language=settings.LANGUAGE_CODE,
            occasion=f"paused:{started.pk}:{user.pk}",
            details={"cause": started.cause, "subjects": {"pause": str(started.pk)}},
        )


def resume(pause_id: int, by: User) -> Pause:
    """Let money move again. Resuming twice is resuming once.

    Whoever resumes after a restore decides that this database's history counts: that is an entry in the ledger, and
    checkpoints are signed of it from then on.
    """
    with transaction.atomic():
        rows = Pause.objects.filter(pk=pause_id, ended_at=None)
        if rows.update(ended_at=clock.now(), ended_by=by):
            ended = Pause.objects.get(pk=pause_id)
            _tell("pause.ended", ended, by)
            if ended.cause == PauseCause.DATABASE_RESTORED:
                transaction.on_commit(lambda: accept_history(Actor.staff(by.pk)), robust=True)
            return ended
    return Pause.objects.get(pk=pause_id)


def checked_target(scope: PauseScope, target: str) -> str:
    """`target` as it is stored; ValidationError when it does not name what `scope` asks for."""
    target = target.strip()
    match scope:
        case PauseScope.ALL if target:
            raise ValidationError({"target": _("Leave this empty to pause everything.")})
        case PauseScope.SELLER if not Seller.objects.filter(pk=target).exists():
            raise ValidationError({"target": _("There is no seller with the id “%(id)s”.") % {"id": target}})
        case PauseScope.HOST:
            target = host_name(target)
            if not _HOST.fullmatch(target):
                raise ValidationError({"target": _("A wallet host looks like wallet.example, without https://.")})
    return target


def _tell(kind: str, row: Pause, by: User | None) -> None:
    subjects = {"pause": str(row.pk)}
    data = {"scope": str(row.scope)}
    if row.scope == PauseScope.SELLER:
        subjects["seller"] = data["seller"] = row.target
    elif row.scope == PauseScope.HOST:
        data["host"] = row.target
    private = None
    if row.cause != PauseCause.PERSON:
        data["reason"] = row.reason
    else:
        private = {"reason": row.reason}
    actor = Actor.staff(by.pk) if by else Actor.system("installation")
    record(kind, actor=actor, subjects=subjects, data=data, private=private)
