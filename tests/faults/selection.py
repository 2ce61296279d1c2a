"""Which cases are run: to prove it, what no story before passed; for the docs, every point."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tests.faults.naming import ORDER, Case, Kind, Point, Side, Way

#: What a wallet does only once. However often an earlier story has passed it: a death at each is a case in every story.
ONLY_ONCE: Final = {"post-continue", "post-token", ORDER}


def all_of(points: Mapping[str, Sequence[Point]]) -> list[Case]:
    """A death on either side of every point; of every call, being stopped there while others go on.

    And of every order to pay, a pause of everything.
    """
    return [case for story, passed in points.items() for point in passed for case in _all_at(story, point)]


def of_what_is_new(points: Mapping[str, Sequence[Point]]) -> list[Case]:
    """Of each story everything at what no story before it passed, and deaths at what is done only once.

    Of the first story a death at every other point, too: before it and after it by turns.
    """
    new = new_points(points)
    cases: list[Case] = []
    for story, passed in points.items():
        for point in passed:
            if point in new[story]:
                cases += _all_at(story, point)
            elif point.kind == Kind.CALL and point.label in ONLY_ONCE:
                cases += _cases(story, point, [Way.KILLED, *_pause(point)])
    return cases + _deaths_at_the_others(dict([next(iter(points.items()))]), cases)


def of_each_point(points: Mapping[str, Sequence[Point]]) -> list[Case]:
    """Those, and all at every point of the first story; of each further one a death at every point."""
    first, *others = points
    cases = all_of({first: points[first]}) + [case for case in of_what_is_new(points) if case.story in others]
    return cases + _deaths_at_the_others(points, cases)


def _deaths_at_the_others(points: Mapping[str, Sequence[Point]], cases: Iterable[Case]) -> list[Case]:
    """A death at every point that `cases` leave out, before it and after it by turns."""
    tried = {(case.story, case.point) for case in cases}
    sides = list(Side)
    left = {story: [point for point in passed if (story, point) not in tried] for story, passed in points.items()}
    return [
        Case(story, Way.KILLED, point, sides[turn % 2])
        for story, passed in left.items()
        for turn, point in enumerate(passed)
    ]


def new_points(points: Mapping[str, Sequence[Point]]) -> dict[str, list[Point]]:
    """By story, the first time that it passes what no story before it has passed, of the same kind and label."""
    passed: set[tuple[Kind, str]] = set()
    new: dict[str, list[Point]] = {}
    for story, found in points.items():
        new[story] = []
        for point in found:
            if point.what not in passed:
                passed.add(point.what)
                new[story].append(point)
    return new


def _all_at(story: str, point: Point) -> list[Case]:
    stops = [Way.OVERTAKEN, Way.LATE] if point.kind == Kind.CALL else []
    return _cases(story, point, [Way.KILLED, *stops, *_pause(point)])


def _pause(point: Point) -> list[Way]:
    return [Way.PAUSED] if point.what == (Kind.CALL, ORDER) else []


def _cases(story: str, point: Point, ways: Iterable[Way]) -> list[Case]:
    return [Case(story, way, point, side) for way in ways for side in Side]
