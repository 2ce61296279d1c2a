"""Approved now; each worker is paid when their work is accepted, a week later, and the fee goes with the last."""

from datetime import timedelta
from typing import Final

from jobs import decisions
from jobs.funding import Way
from jobs.models import Submission, SubmissionStatus
from ledger import clock
from payments.states import RequestState
from tests.faults.stories.base import A_DAY, FORM, request_of, rosa
from tests.faults.stories.split import Split
from tests.faults.world import World

#: The approval's token has run out by then, and was renewed once because it is a week old.
WORKING_TIME: Final = timedelta(days=8)


class Held(Split):
    name = "held"
    says = "approved at once, paid when the work is accepted eight days later, the fee with the last worker"
    way = Way.HELD
    work = SubmissionStatus.PENDING

    def go_on(self, world: World) -> bool:
        if super().go_on(world):
            return True
        pending = Submission.objects.filter(status=SubmissionStatus.PENDING).first()
        if pending is None or self._is_working():
            return False
        decisions.accept_submission(pending.pk, by=rosa())
        return True

    def wait(self) -> int:
        request = request_of(FORM)
        works = request is not None and request.state == RequestState.APPROVED and self._is_working()
        return A_DAY if works else super().wait()

    def _is_working(self) -> bool:
        asked = request_of(FORM)
        return asked is None or clock.now() < asked.created_at + WORKING_TIME
