"""The site as gunicorn serves it, while wallets hang: whoever waits for none is served at once."""

from pathlib import Path

from payments.pages.approve import INLINE_SECONDS
from tests.browser.installation import installed
from tests.workers.hanging import PAGES, waits_beside

PRESSES = 4


def test_health_and_the_admin_answer_within_a_second_beside_four_presses_on_a_wallet_that_hangs(tmp_path: Path) -> None:
    with installed(tmp_path) as site:
        took = waits_beside(site, PRESSES)
        assert max(seconds for page in PAGES for seconds in took[page]) < 1
        assert max(took["press"]) < INLINE_SECONDS + 1
