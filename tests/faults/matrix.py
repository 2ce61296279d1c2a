"""The crash-point matrix: every point of every way of paying, and what became of the money after a death there.

python -m tests.faults.matrix --write docs/crash-points.md
python -m tests.faults.matrix --story held budget
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests import (
    databases,
    environment,  # noqa: F401 - the runners inherit it
    memory,
)
from tests.faults import report, selection
from tests.faults.naming import Case, Point, Result, Verdict
from tests.faults.precautions import PRECAUTIONS, Precaution
from tests.sandbox.process import PROJECT

Selection = Callable[[Mapping[str, Sequence[Point]]], list[Case]]

RUNNERS = 2
STOP_SECONDS = 10
#: A point that did not come up is tried again: which minute something happens in may differ.
TRIES = 3


class RunnerProcess:
    """One of the processes that run cases, in a folder of its own."""

    def __init__(self, url: str, prefix: str, template: str, folder: Path) -> None:
        folder.mkdir()
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.runner", url, prefix, template, str(folder)],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def record(self, story: str) -> list[Point]:
        return [Point.from_wire(wire) for wire in self._ask(story)]

    def stories(self) -> dict[str, str]:
        told: dict[str, str] = self._ask(None)
        return told

    def run(self, case: Case) -> Result:
        for _ in range(TRIES):
            answer = self._ask(case.to_wire())
            result = Result(case, Verdict(**answer["verdict"]), came_there=answer["came_there"])
            if result.came_there:
                break
        return result

    def _ask(self, order: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"a runner ended: {self._log.read_text()}"
        return json.loads(line)

    def stop(self) -> None:
        """It stops its wallets and ends when there are no more orders."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class Matrix:
    """`with Matrix(url) as matrix:` runs cases on databases beside that of `url`, which are dropped at the end."""

    def __init__(self, url: str) -> None:
        self._holder = tempfile.TemporaryDirectory(
            prefix="tequio-faults-", dir=memory.folder(), ignore_cleanup_errors=True
        )
        self._folder = Path(self._holder.name)
        self._url = url or f"sqlite:///{self._folder / 'unused.sqlite3'}"
        self._prefix = databases.new_prefix()
        self._databases = databases.at(self._url, self._folder, self._prefix)
        self._runners: list[RunnerProcess] = []

    def __enter__(self) -> Self:
        template = databases.template(self._url)
        for number in range(RUNNERS):
            folder = self._folder / f"runner{number}"
            self._runners.append(RunnerProcess(self._url, self._prefix, template, folder))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for runner in self._runners:
            runner.stop()
        self._databases.drop_all()
        self._holder.cleanup()

    def points(self, story: str) -> list[Point]:
        """What a process passes on its way from nothing to the end of the story, in its order."""
        return self._runners[0].record(story)

    def stories(self) -> dict[str, str]:
        """All of them, in their order, with what each is."""
        return self._runners[0].stories()

    def found(self, stories: Iterable[str], select: Selection) -> report.Found:
        """What the points of these stories are, and how the cases that `select` takes from them end."""
        points = {story: self.points(story) for story in stories}
        return report.Found(points, self.run(select(points)))

    def run(self, cases: Iterable[Case]) -> list[Result]:
        """All of them, shared out among the runners; results in the order of the cases."""
        waiting = iter(list(enumerate(cases)))
        results: dict[int, Result] = {}
        taking = threading.Lock()

        def work(runner: RunnerProcess) -> None:
            while True:
                with taking:
                    number, case = next(waiting, (None, None))
                if number is None or case is None:
                    return
                results[number] = runner.run(case)

        threads = [threading.Thread(target=work, args=[runner]) for runner in self._runners]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [results[number] for number in sorted(results)]

    def notices(self, precaution: Precaution) -> bool:
        """Whether it shows that the engine lacks this precaution."""
        results = self.run(precaution.cases)
        # A mutant that no longer fits the engine gets nowhere: that is to be mended, not to be called missed.
        assert all(result.came_there for result in results), [str(result.case) for result in results]
        return any(precaution.shows in fault for result in results for fault in result.verdict.faults)


def write(path: Path, url: str, select: Selection) -> None:
    """Run all stories on SQLite, and on the server of `url` if it names one; then write the page of the docs."""
    found: dict[str, report.Found] = {}
    for name, where in {"SQLite": "", **({"PostgreSQL": url} if databases.is_postgresql(url) else {})}.items():
        with Matrix(where) as matrix:
            says = matrix.stories()
            found[name] = matrix.found(says, select)
            missed = [precaution.name for precaution in PRECAUTIONS if not matrix.notices(precaution)]
        _end_if(wrong_in(found[name]) + missed, name)
    mutants = [(precaution.name, precaution.without_it) for precaution in PRECAUTIONS]
    path.write_text(report.page(says, found, mutants), encoding="utf-8")


def only(stories: Sequence[str], url: str) -> None:
    """Every case of these stories, on the database of `url`; tells how they ended."""
    name = "PostgreSQL" if databases.is_postgresql(url) else "SQLite"
    with Matrix(url if databases.is_postgresql(url) else "") as matrix:
        found = matrix.found(stories, selection.all_of)
    print(report.summary(name, found))  # noqa: T201 - the result of a command
    _end_if(wrong_in(found), name)


def wrong_in(found: report.Found) -> list[str]:
    return [f"{each.case}: {report.ending(each)} {each.verdict}" for each in found.results if not each.is_good]


def _end_if(wrong: list[str], name: str) -> None:
    if wrong:
        sys.exit("\n".join([f"On {name}:", *wrong]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", type=Path, help="the page to write, from all stories")
    what.add_argument("--story", nargs="+", help="run only these, on the database of DATABASE_URL")
    parser.add_argument(
        "--every",
        action="store_true",
        help="write from every case: each side of each point, and being stopped at each call",
    )
    given, address = parser.parse_args(), os.environ.get("DATABASE_URL", "")
    if given.write:
        write(given.write, address, selection.all_of if given.every else selection.of_each_point)
    else:
        only(given.story, address)
