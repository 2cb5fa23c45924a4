"""Bans: what may not come next, and when it is sure that nothing is banned."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.search.hypothesis import LONGEST_PERIOD, ROOT, Node
from app.search.rules import Rules, most_repeats

EOS = 2


def spelt(tokens: Sequence[int]) -> Node:
    node = ROOT
    for token in tokens:
        node = Node(token, node)
    return node


def rules(**changes: int) -> Rules:
    return Rules(never=frozenset({0}), eos=EOS, **changes)


@given(st.lists(st.integers(3, 6), max_size=60))
def test_a_hypothesis_knows_its_tokens_and_how_they_repeat(tokens: list[int]) -> None:
    node = spelt(tokens)
    assert (node.tokens(), node.length) == (tokens, len(tokens))
    for period in range(1, LONGEST_PERIOD + 1):
        count = 0
        while count + period < len(tokens) and tokens[-1 - count] == tokens[-1 - count - period]:
            count += 1
        assert node.repeats.get(period, 0) == count


@pytest.mark.parametrize(
    ("tokens", "banned"),
    [
        ([5] * 12, None),
        ([5] * 13, 5),
        ([4, 5] * 7, 4),
        ([4, 5, 6, 7, 8] * 3, None),
        ([4, 5, 6, 7, 8] * 4, 4),
        ([9, 9, *([4, 5, 6, 7, 8] * 4)], 4),
        (list(range(4, 21)) * 9, None),  # 17 tokens: too long a loop to be seen
    ],
)
def test_a_loop_is_broken_once_it_has_come_round_often_enough(
    tokens: list[int], banned: int | None
) -> None:
    expected = {0} if banned is None else {0, banned}
    assert rules().banned(spelt(tokens)) == expected
    assert rules(guard=False).banned(spelt(tokens)) == {0}


def test_the_end_is_banned_while_the_output_is_too_short() -> None:
    assert rules(min_tokens=2).banned(spelt([4])) == {0, EOS}
    assert rules(min_tokens=2).banned(spelt([4, 5])) == {0}


def test_what_would_complete_a_second_run_is_banned() -> None:
    assert rules(no_repeat_ngram=2).banned(spelt([4, 5, 4, 6, 4])) == {0, 5, 6}
    assert rules(no_repeat_ngram=3).banned(spelt([4, 5, 6, 7, 4, 5])) == {0, 6}
    assert rules(no_repeat_ngram=3).banned(spelt([4])) == {0}


LOOPS = st.builds(
    lambda loop, times, rest: loop * times + rest,
    st.lists(st.integers(3, 20), min_size=1, max_size=16),
    st.integers(1, 5),
    st.lists(st.integers(3, 4), max_size=20),
)


@given(LOOPS, LOOPS)
def test_free_steps_meet_no_ban_whatever_is_said(before: list[int], after: list[int]) -> None:
    node = spelt(before)
    for token in after[: rules().free_steps(node)]:
        assert rules().banned(node) == {0}
        node = Node(token, node)


def test_steps_are_not_free_where_a_rule_looks_at_every_token() -> None:
    assert rules(min_tokens=3).free_steps(spelt([4])) == 0
    assert rules(no_repeat_ngram=3).free_steps(ROOT) == 0
    assert rules(guard=False).free_steps(spelt([4] * 50)) > 1000


def test_longer_loops_may_repeat_longer() -> None:
    assert [most_repeats(period) for period in (1, 4, 5, 16)] == [12, 12, 15, 48]
