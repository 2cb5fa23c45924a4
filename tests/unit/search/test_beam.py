"""Beam and greedy search against every possible output, counted out by brute force."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.search.beam import Beam
from app.search.greedy import Greedy
from app.search.rules import Rules
from app.search.sampling import Sample
from app.search.step import Candidates, Outcome, Plan, Search, normalized
from tests.fakes.spelling_backend import BOS, EOS, Law, noise

VOCABULARY = 5  # pad, start, end, and two to say: 0, 1 and, here, 3 and 4
NEVER = frozenset({0, 1})
SOURCE = (7,)


def candidates(
    law: Law, histories: list[tuple[int, ...]], fetch: int, probes: tuple[int, ...] = ()
) -> Candidates:
    values = np.stack([law(SOURCE, history) for history in histories])
    ids = np.argsort(-values, axis=1, kind="stable")[:, :fetch]
    best = np.take_along_axis(values, ids, axis=1)
    asked = values[:, list(probes)].astype(np.float32)
    return Candidates(ids.astype(np.int32), best.astype(np.float32), probes=asked)


def run(search: Search, law: Law) -> tuple[Outcome, ...]:
    histories: list[tuple[int, ...]] = [()] * search.width
    sent: list[int] = []
    while not search.done:
        histories = [
            (*histories[parent], token)
            for parent, token in zip(search.parents, search.tokens, strict=True)
        ]
        stable = search.stable()
        assert stable[: len(sent)] == sent, "what is stable is never revised"
        sent = stable
        search.advance(candidates(law, histories, search.fetch, search.probes))
    assert search.stable()[: len(sent)] == sent
    assert list(search.outcomes()[0].tokens[: len(sent)]) == sent or isinstance(search, Sample)
    return search.outcomes()


def every_output(law: Law, plan: Plan) -> Iterator[tuple[float, float, tuple[int, ...]]]:
    """Yield (score, log p, tokens) of each finished output within the limit."""
    start = (plan.bos, *plan.prefix)
    says = [
        token for token in range(VOCABULARY) if token not in plan.rules.never and token != plan.eos
    ]
    for length in range(plan.max_tokens):
        for tokens in itertools.product(says, repeat=length):
            total = 0.0
            for place, token in enumerate((*tokens, plan.eos)):
                total += float(np.float32(law(SOURCE, (*start, *tokens[:place]))[token]))
            yield normalized(total, length + 1, plan.length_penalty), total, tokens


def make_plan(**changes: object) -> Plan:
    rules = Rules(never=NEVER, eos=EOS)
    return Plan(**{"bos": BOS, "eos": EOS, "rules": rules, "max_tokens": 4, **changes})  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    max_tokens=st.integers(1, 4),
    penalty=st.sampled_from([0.0, 0.6, 1.0, 2.0]),
    n_best=st.integers(1, 3),
    prefix=st.sampled_from([(), (4,), (3, 4)]),
)
def test_a_beam_wide_enough_for_everything_finds_the_best(
    seed: int, max_tokens: int, penalty: float, n_best: int, prefix: tuple[int, ...]
) -> None:
    law = noise(VOCABULARY, seed)
    plan = make_plan(
        max_tokens=max_tokens,
        beam_size=2**5,
        n_best=n_best,
        length_penalty=penalty,
        prefix=prefix,
    )
    best = sorted(every_output(law, plan), key=lambda one: -one[0])[:n_best]
    found = run(Beam(plan), law)
    finished = [one for one in found if one.finish_reason == "stop"]
    assert [one.tokens for one in finished] == [tokens for _, _, tokens in best]
    assert [one.score for one in finished] == pytest.approx([score for score, _, _ in best])
    assert [one.log_probability for one in finished] == pytest.approx([p for _, p, _ in best])


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), max_tokens=st.integers(1, 9), penalty=st.floats(0, 3))
def test_a_beam_of_one_is_greedy_search(seed: int, max_tokens: int, penalty: float) -> None:
    law = noise(VOCABULARY, seed)
    plan = make_plan(max_tokens=max_tokens, length_penalty=penalty)
    assert run(Beam(plan), law) == run(Greedy(plan), law)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    beam_size=st.integers(1, 6),
    max_tokens=st.integers(1, 8),
    penalty=st.floats(0, 3),
)
def test_hypotheses_are_distinct_allowed_ranked_and_honestly_scored(
    seed: int, beam_size: int, max_tokens: int, penalty: float
) -> None:
    law = noise(VOCABULARY, seed)
    plan = make_plan(
        beam_size=beam_size, n_best=beam_size, max_tokens=max_tokens, length_penalty=penalty
    )
    found = run(Beam(plan), law)
    assert 1 <= len(found) <= beam_size
    assert len({(one.tokens, one.finish_reason) for one in found}) == len(found)
    ranks = [(one.finish_reason == "length", -one.score) for one in found]
    assert ranks == sorted(ranks)
    for one in found:
        ended = one.finish_reason == "stop"
        said = (*one.tokens, EOS) if ended else one.tokens
        assert not NEVER & set(said)
        assert len(said) <= max_tokens
        total = sum(
            float(np.float32(law(SOURCE, (BOS, *said[:place]))[token]))
            for place, token in enumerate(said)
        )
        assert one.log_probability == pytest.approx(total)
        assert one.score == pytest.approx(normalized(total, len(said), penalty))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    beam_size=st.integers(1, 4),
    forced=st.lists(st.sampled_from([3, 4]), max_size=3).map(tuple),
    min_tokens=st.integers(0, 5),
)
def test_every_output_begins_as_forced_and_is_long_enough(
    seed: int, beam_size: int, forced: tuple[int, ...], min_tokens: int
) -> None:
    law = noise(VOCABULARY, seed)
    rules = Rules(never=NEVER, eos=EOS, min_tokens=min_tokens)
    plan = make_plan(
        beam_size=beam_size, n_best=beam_size, max_tokens=6, forced=forced, rules=rules
    )
    searches: list[Search] = [Beam(plan), Greedy(plan)]
    for search in searches:
        for one in run(search, law):
            assert one.tokens[: len(forced)] == forced
            assert len(one.tokens) >= min_tokens
            said = (*one.tokens, EOS) if one.finish_reason == "stop" else one.tokens
            total = sum(
                float(np.float32(law(SOURCE, (BOS, *said[:place]))[token]))
                for place, token in enumerate(said)
            )
            assert one.log_probability == pytest.approx(total)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), beam_size=st.integers(1, 4), size=st.integers(2, 3))
def test_no_run_of_tokens_comes_twice_where_that_is_asked(
    seed: int, beam_size: int, size: int
) -> None:
    rules = Rules(never=NEVER, eos=EOS, no_repeat_ngram=size)
    plan = make_plan(beam_size=beam_size, n_best=beam_size, max_tokens=12, rules=rules)
    for one in run(Beam(plan), noise(VOCABULARY, seed)):
        runs = [one.tokens[place : place + size] for place in range(len(one.tokens) - size + 1)]
        assert len(set(runs)) == len(runs)


def test_a_worked_example_by_hand() -> None:
    # Step 1 {3: -0.5, end: -1.0, 4: -2.0}: "" finishes with -1.0; 3 and 4 go on.
    # Step 2 after 3 {end: -0.1}: "3" finishes with -0.6 and nothing can beat it.
    search = Beam(make_plan(beam_size=2, length_penalty=0.0))
    first = [3, EOS, 4, 0, 1]
    gains = np.array([-0.5, -1.0, -2.0, -9.0, -9.0], np.float32)
    search.advance(Candidates(np.array([first] * 2, np.int32), np.stack([gains, gains])))
    assert (search.parents, search.tokens, search.done) == ([0, 0], [3, 4], False)
    ids = np.array([[EOS, 3, 4, 0, 1]] * 2, np.int32)
    then = np.array([-0.1, -3.0, -4.0, -9.0, -9.0], np.float32)
    search.advance(Candidates(ids, np.stack([then, then])))
    assert search.done
    (best,) = search.outcomes()
    assert (best.tokens, best.finish_reason) == ((3,), "stop")
    assert best.score == pytest.approx(-0.6)


def test_attention_follows_the_parents() -> None:
    search = Beam(make_plan(beam_size=2, length_penalty=0.0, max_tokens=2, want_attention=True))
    ids = np.array([[3, 4, EOS, 0, 1]] * 2, np.int32)

    def attention(first: float, second: float) -> NDArray[np.float32]:
        return np.array([[first], [second]], np.float32)

    step = np.array([[-0.5, -1.0, -9.0, -9.0, -9.0]] * 2, np.float32)
    search.advance(Candidates(ids, step, attention(0.1, 0.2)))
    swapped = np.array([[-9.0, -9.5, -9.9, -12, -12], [-0.1, -5.0, -9.9, -12, -12]], np.float32)
    search.advance(Candidates(ids, swapped, attention(0.3, 0.4)))
    (best,) = search.outcomes()
    assert best.tokens == (4, 3)  # row 1 won, which came from row 0
    assert best.attention is not None
    assert [row.tolist() for row in best.attention] == [[np.float32(0.1)], [np.float32(0.4)]]


def test_asking_twice_gives_the_same_outcomes() -> None:
    law = noise(VOCABULARY, 3)
    search = Beam(make_plan(beam_size=4, n_best=4, max_tokens=2))
    assert run(search, law) == search.outcomes()


@given(st.floats(-50, 0), st.integers(0, 40), st.floats(0, 3))
def test_scores_are_finite(total: float, length: int, penalty: float) -> None:
    assert math.isfinite(normalized(total, length, penalty))
