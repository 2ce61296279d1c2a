"""The page of states says what the tables say."""

import pytest

from payments.management.commands.draw_states import PAGE
from payments.state_diagram import TABLES, diagram, is_end, page
from payments.states import PAYMENT_MOVES

#: Decisions that people may change; the job's end ends them.
CHANGEABLE = {"Application", "Submission"}


def test_the_page_in_the_docs_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python manage.py draw_states`"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table[0])
def test_every_state_has_a_sentence(table: tuple[str, str, dict[str, set[str]], dict[str, str]]) -> None:
    _title, _what, moves, meaning = table
    assert set(moves) == set(meaning)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table[0])
def test_every_state_can_be_reached_from_the_first_and_ends_somewhere(
    table: tuple[str, str, dict[str, set[str]], dict[str, str]],
) -> None:
    moves = table[2]
    reached, seen = [next(iter(moves))], set()
    while reached:
        state = reached.pop()
        if state not in seen:
            seen.add(state)
            reached.extend(moves[state])
    assert seen == set(moves)
    assert any(map(is_end, moves.values())) or table[0] in CHANGEABLE


def test_a_diagram_has_one_arrow_per_move_and_one_per_end() -> None:
    arrows = [line for line in diagram(PAYMENT_MOVES) if "-->" in line]
    assert len(arrows) == 1 + sum(len(following) + is_end(following) for following in PAYMENT_MOVES.values())
    assert "    sending --> unknown" in arrows
    assert "    settled --> [*]" in arrows
