"""Greedy search, step by step and several steps at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.search.greedy import Greedy
from app.search.rules import Rules
from app.search.step import Candidates, Outcome, Plan

EOS = 2
RULES = Rules(never=frozenset(), eos=EOS)


def step(*ids: int) -> Candidates:
    gains = -0.5 * (1 + np.arange(len(ids), dtype=np.float32))
    return Candidates(np.array([ids], np.int32), gains[None, :], np.array([[0.5]], np.float32))


def test_banned_ids_are_passed_over() -> None:
    search = Greedy(Plan(bos=1, eos=EOS, rules=Rules(never=frozenset({0, 1}), eos=EOS)))
    search.advance(step(0, 1, 9))
    search.advance(step(EOS, 9, 8))
    assert search.outcomes() == (Outcome((9,), -2.0, -1.0, "stop"),)
    assert search.fetch == 3


def test_the_prefix_is_fed_and_not_counted() -> None:
    search = Greedy(Plan(bos=1, eos=EOS, rules=RULES, prefix=(5, 6), max_tokens=1))
    fed = [search.tokens]
    for candidates in (step(9), step(9), step(7)):
        assert not search.done
        search.advance(candidates)
        fed.append(search.tokens)
    assert fed == [[1], [5], [6], [7]]
    assert search.outcomes() == (Outcome((7,), -0.5, -0.5, "length"),)


def test_a_forced_beginning_is_output_and_counted_in_the_score() -> None:
    search = Greedy(Plan(bos=1, eos=EOS, rules=RULES, forced=(8, 6)))
    for probe in (8, 6):
        assert (search.probes, search.free_steps) == ((probe,), 0)
        search.advance(replace(step(9), probes=np.array([[-2.0]], np.float32)))
    assert search.probes == ()
    assert search.free_steps > 0
    search.advance(step(EOS))
    assert search.outcomes() == (Outcome((8, 6), -4.5, -1.5, "stop"),)


def test_what_is_taken_is_stable() -> None:
    search = Greedy(Plan(bos=1, eos=EOS, rules=RULES))
    search.extend([5, 6, EOS, 7], [-0.5] * 4)
    assert search.stable() == [5, 6]


def test_a_row_with_nothing_left_to_say_ends() -> None:
    search = Greedy(Plan(bos=1, eos=EOS, rules=Rules(never=frozenset({7}), eos=EOS)))
    search.advance(step(7))
    assert search.outcomes() == (Outcome((), 0.0, 0.0, "stop"),)


def test_the_end_token_has_no_attention() -> None:
    search = Greedy(Plan(bos=1, eos=EOS, rules=RULES, want_attention=True))
    search.advance(step(7))
    search.advance(step(EOS))
    (outcome,) = search.outcomes()
    assert outcome.attention is not None
    assert [row.tolist() for row in outcome.attention] == [[0.5]]


@given(st.lists(st.integers(2, 6), min_size=1, max_size=12), st.integers(1, 12))
def test_several_steps_at_once_are_the_same_as_one_by_one(tokens: list[int], limit: int) -> None:
    plan = Plan(bos=1, eos=EOS, rules=RULES, max_tokens=limit)
    one_by_one, at_once = Greedy(plan), Greedy(plan)
    for token in tokens:
        if not one_by_one.done:
            one_by_one.advance(step(token))
    at_once.extend(tokens, [-0.5] * len(tokens))
    assert at_once.outcomes() == one_by_one.outcomes()
    assert (at_once.done, at_once.tokens) == (one_by_one.done, one_by_one.tokens)
