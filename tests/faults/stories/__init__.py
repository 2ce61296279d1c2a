"""Every way of paying, in the order in which the matrix takes them: what an earlier one has passed is not new."""

from typing import Final

from tests.faults.stories.alone import Alone
from tests.faults.stories.base import Story
from tests.faults.stories.budget import Budget
from tests.faults.stories.escrow import Escrow
from tests.faults.stories.exactly import Exactly
from tests.faults.stories.held import Held
from tests.faults.stories.refund import Refund
from tests.faults.stories.split import Split

STORIES: Final[dict[str, Story]] = {
    story.name: story for story in (Alone(), Split(), Budget(), Held(), Escrow(), Exactly(), Refund())
}
