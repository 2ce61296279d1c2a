"""The site as gunicorn serves it, while wallets hang: whoever waits for none is served at once."""

from pathlib import Path

import pytest

from tests.browser.installation import installed
from tests.workers.hanging import waits_beside

PRESSES = 4

pytestmark = pytest.mark.prove


def test_health_and_the_admin_answer_while_four_presses_wait_for_a_wallet_that_hangs(tmp_path: Path) -> None:
    """How long they take is measured by `make bench`."""
    with installed(tmp_path) as site:
        assert waits_beside(site, PRESSES).rounds_before
