"""Sampling: the right distribution, and the same draw in any company."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.search.rules import Rules
from app.search.sampling import Sample, draw, uniform
from app.search.step import Candidates, Plan, SamplingPlan
from tests.fakes.spelling_backend import BOS, EOS, noise
from tests.unit.search.test_beam import NEVER, VOCABULARY, run

P = np.log(np.array([0.5, 0.3, 0.15, 0.05]))


def frequencies(plan: SamplingPlan) -> list[float]:
    draws = [draw(P, plan, (place + 0.5) / 2000) for place in range(2000)]
    return [round(count / 2000, 3) for count in np.bincount(draws, minlength=4)]


def test_each_candidate_is_drawn_as_often_as_it_is_probable() -> None:
    assert frequencies(SamplingPlan()) == [0.5, 0.3, 0.15, 0.05]


def test_top_k_and_top_p_cut_the_tail_and_temperature_bends_what_is_left() -> None:
    assert frequencies(SamplingPlan(top_k=2)) == [0.625, 0.375, 0, 0]
    assert frequencies(SamplingPlan(top_p=0.75)) == [0.625, 0.375, 0, 0]
    assert frequencies(SamplingPlan(top_p=0.5)) == [1, 0, 0, 0]
    squared = np.exp(2 * P) / np.exp(2 * P).sum()
    assert frequencies(SamplingPlan(temperature=0.5)) == pytest.approx(squared, abs=1e-3)
    assert frequencies(SamplingPlan(temperature=0.01)) == [1, 0, 0, 0]


@given(st.integers(0, 2**62), st.integers(0, 500), st.integers(0, 15), st.integers(0, 255))
def test_uniform_numbers_depend_on_every_argument_and_nothing_else(
    seed: int, item: int, sample: int, step: int
) -> None:
    at = uniform(seed, item, sample, step)
    assert 0 <= at < 1
    assert uniform(seed, item, sample, step) == at
    others = [(seed + 1, item, sample, step), (seed, item + 1, sample, step)]
    others += [(seed, item, sample + 1, step), (seed, item, sample, step + 1)]
    assert at not in [uniform(*other) for other in others]


def test_uniform_numbers_are_uniform() -> None:
    drawn = [uniform(7, 0, 0, step) for step in range(4000)]
    counts, _ = np.histogram(drawn, bins=10, range=(0, 1))
    assert counts.min() > 330


def plan(seed: int = 1, samples: int = 3, **changes: object) -> Plan:
    sampling = SamplingPlan(seed=seed)
    fields = {"max_tokens": 8, "n_best": samples, "rules": Rules(never=NEVER, eos=EOS), **changes}
    return Plan(bos=BOS, eos=EOS, sampling=sampling, **fields)  # type: ignore[arg-type]


def sample(made: Plan) -> Sample:
    assert made.sampling is not None
    return Sample(made, made.sampling)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_samples_are_reproducible_ranked_and_honestly_scored(seed: int) -> None:
    law = noise(VOCABULARY, seed)
    found = run(sample(plan(seed)), law)
    assert found == run(sample(plan(seed)), law)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        said = (*one.tokens, EOS) if one.finish_reason == "stop" else one.tokens
        total = sum(
            float(np.float32(law((7,), (BOS, *said[:place]))[token]))
            for place, token in enumerate(said)
        )
        assert one.log_probability == pytest.approx(total)
        assert not NEVER & set(said)


def test_the_first_sample_is_the_same_however_many_are_asked_for() -> None:
    law = noise(VOCABULARY, 5)
    few, many = run(sample(plan(9, 1)), law), run(sample(plan(9, 8)), law)
    assert few[0] in many


def test_more_candidates_than_it_asked_for_change_nothing() -> None:
    ids = np.arange(3, 300, dtype=np.int32)[None, :]
    gains = np.full((1, 297), -np.log(297), np.float32)
    texts = []
    for width in (256, 297):
        search = sample(plan(4, 1, max_tokens=1, rules=Rules(never=frozenset(), eos=EOS)))
        search.advance(Candidates(ids[:, :width], gains[:, :width]))
        texts.append(search.outcomes()[0].tokens)
    assert texts[0] == texts[1]


def test_samples_begin_as_forced_and_respect_the_rules() -> None:
    rules = Rules(never=NEVER, eos=EOS, min_tokens=5)
    for one in run(sample(plan(3, 4, forced=(4, 3), rules=rules)), noise(VOCABULARY, 8)):
        assert one.tokens[:2] == (4, 3)
        assert len(one.tokens) >= 5
