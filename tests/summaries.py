"""A pytest plugin: what tests measured stands at the end of the run, also when they ran in other processes.

A test says it with `record_property(SUMMARY, "17 operations, …")`.
"""

from typing import Final

from _pytest.terminal import TerminalReporter

SUMMARY: Final = "summary"


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, value in report.user_properties:
                    if name == SUMMARY:
                        terminalreporter.write_line(str(value))
