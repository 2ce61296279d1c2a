"""What the tests of this room share."""

from tests.fixtures import sandbox, sandbox_process, stage
from tests.ledger.fixtures import ledger_that_can_be_emptied
from tests.payments.smtp import postbox

__all__ = ["ledger_that_can_be_emptied", "postbox", "sandbox", "sandbox_process", "stage"]
