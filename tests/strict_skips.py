"""A pytest plugin (`-p tests.strict_skips`): a run that skipped anything has failed."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    assert reporter is not None, "Skips are counted by the terminal reporter."
    skipped = reporter.stats.get("skipped", [])
    if skipped:
        reporter.write_line(f"{len(skipped)} skipped, and no skip is allowed here.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
