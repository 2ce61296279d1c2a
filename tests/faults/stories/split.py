"""Several workers and the platform's fee, under one approval."""

from typing import Final

from tests.faults.stories.base import AMOUNT, ANA, MARIA, PLATFORM, SOL, told
from tests.faults.stories.jobs import JobStory

#: In hundredths of a percent, and what that is of both workers' amounts.
FEE_SHARE: Final = 250
FEE: Final = 2 * AMOUNT * FEE_SHARE // 10_000


class Split(JobStory):
    name = "split"
    says = "two workers and the platform's fee, under one approval"
    people = (SOL, MARIA, ANA, PLATFORM)
    workers = (MARIA, ANA)
    selling = {"fee_share": FEE_SHARE}
    received = {MARIA: AMOUNT, ANA: AMOUNT, PLATFORM: FEE}
    paid = {SOL: 2 * AMOUNT + FEE + 3 * SOL.fee}
    mails = told(SOL, MARIA, ANA)
