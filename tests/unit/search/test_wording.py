"""Word limits hold in every search, and no word is cut to keep to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.engine.request import DecodeOptions
from app.search.beam import Beam
from app.search.greedy import Greedy
from app.search.hypothesis import ROOT, Node
from app.search.rules import Rules, WordLimits
from app.search.sampling import Sample
from app.search.step import IMPOSSIBLE, Candidates, Plan, SamplingPlan, Search
from app.search.wording import within
from app.text.tokenizer import Tokenizer
from app.text.words import TokenWords, count_words
from scripts.training.tokenizer import TRAINERS
from tests.fakes.spelling_backend import BOS, EOS, Law, noise, spell
from tests.unit.search.test_beam import SOURCE, run

TEXT = "Extraordinary weather closes airports, schools"
SUBWORDS = Tokenizer(TRAINERS["subword"](["the weather, an airport", "a school closes"] * 9, 280))
CHARACTERS = Tokenizer(TRAINERS["char"](["空客交付飞机ABC123，"] * 9, 40))
KINDS = {"subword": SUBWORDS, "char": CHARACTERS}


def rules(tokenizer: Tokenizer, least: int, most: int | None) -> Rules:
    limits = WordLimits(TokenWords(tokenizer), least, most)
    return Rules(never=frozenset({0, 1, 3}), eos=EOS, words=limits)


def search(kind: str, limits: Rules, max_tokens: int, seed: int = 1) -> Search:
    plan = Plan(bos=BOS, eos=EOS, rules=limits, max_tokens=max_tokens)
    if kind == "greedy":
        return Greedy(plan)
    if kind == "beam":
        return Beam(Plan(**{**vars(plan), "beam_size": 3, "n_best": 2}))
    return Sample(Plan(**{**vars(plan), "n_best": 3}), SamplingPlan(seed=seed))


def saying(text: str) -> Law:
    return spell({SOURCE[0]: tuple(SUBWORDS.encode(text))}, SUBWORDS.vocabulary_size)


@pytest.mark.parametrize("kind", ["greedy", "beam"])
@pytest.mark.parametrize(
    ("most", "expected", "reason"),
    [
        (1, "Extraordinary", "length"),
        (2, "Extraordinary weather", "length"),
        (4, "Extraordinary weather closes airports,", "length"),
        (5, TEXT, "stop"),
        (6, TEXT, "stop"),
    ],
)
def test_the_last_word_is_whole_and_its_comma_with_it(
    kind: str, most: int, expected: str, reason: str
) -> None:
    best = run(search(kind, rules(SUBWORDS, 0, most), 60), saying(TEXT))[0]
    assert (SUBWORDS.decode(best.tokens), best.finish_reason) == (expected, reason)


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(["greedy", "beam", "sample"]),
    vocabulary=st.sampled_from(sorted(KINDS)),
    bounds=st.tuples(st.integers(0, 4), st.integers(0, 4)).map(sorted),
    seed=st.integers(0, 10**6),
)
def test_every_output_has_as_many_words_as_it_must_and_may(
    kind: str, vocabulary: str, bounds: list[int], seed: int
) -> None:
    tokenizer = KINDS[vocabulary]
    least, most = bounds[0], max(1, bounds[1])
    searching = search(kind, rules(tokenizer, least, most), 24, seed)
    for outcome in run(searching, noise(tokenizer.vocabulary_size, seed)):
        count = count_words(tokenizer.decode(outcome.tokens))
        assert count <= most
        assert count >= least or len(outcome.tokens) == 24


@pytest.mark.parametrize("kind", ["greedy", "beam"])
def test_an_output_goes_on_with_words_until_it_has_its_least(kind: str) -> None:
    plain, (dash, another) = saying(TEXT), (SUBWORDS.encode(text)[-1] for text in ("b-", "b a"))

    def law(source: tuple[int, ...], history: tuple[int, ...]) -> NDArray[np.float64]:
        likely = np.full(SUBWORDS.vocabulary_size, -np.inf)
        likely[dash], likely[another] = np.log(0.04), np.log(0.02)
        return np.maximum(plain(source, history), likely)

    said = run(search(kind, rules(SUBWORDS, 7, None), 80), law)[0]
    assert (SUBWORDS.decode(said.tokens), said.finish_reason) == (f"{TEXT} a a", "stop")


def written(text: str) -> Node:
    node = ROOT
    for token in SUBWORDS.encode(text):
        node = Node(token, node)
    return node


SPACE_A, COMMA, DASH = (SUBWORDS.encode(text)[-1] for text in ("b a", "b,", "b-"))


def test_a_full_row_keeps_what_is_better_than_another_word_and_the_end() -> None:
    limits, node = rules(SUBWORDS, 0, 1), written("a")
    offered = Candidates(
        np.array([[SPACE_A, COMMA, 0], [COMMA, SPACE_A, DASH], [COMMA, EOS, 9]], np.int32),
        np.array([[-0.5, -1.5, -2.0]] * 3, np.float32),
        probes=np.array([[-3.0], [-np.inf], [-1.5]], np.float32),
    )
    worded = within(offered, [node] * 3, ["full"] * 3, limits)
    assert worded.cut == (True, False, False)
    assert worded.candidates.ids[:, :2].tolist() == [[EOS, EOS], [COMMA, EOS], [COMMA, EOS]]
    assert worded.candidates.log_probabilities[:, :2].tolist() == [
        [-3.0, -np.inf],
        [-0.5, IMPOSSIBLE],
        [-0.5, -1.5],
    ]


def test_a_short_row_that_would_end_goes_on_with_another_word() -> None:
    limits, node = rules(SUBWORDS, 2, None), written("a")
    ids = [[EOS, DASH, SPACE_A], [DASH, EOS, SPACE_A], [EOS, DASH, COMMA]]
    gains = np.array([[-0.5, -1.5, -2.0]] * 3, np.float32)
    worded = within(Candidates(np.array(ids, np.int32), gains), [node] * 3, ["short"] * 3, limits)
    assert worded.candidates.ids.tolist() == [[SPACE_A, EOS, EOS], *ids[1:]]
    assert worded.candidates.log_probabilities[0].tolist() == [-2.0, -np.inf, -np.inf]
    assert worded.cut == (False, False, False)


def test_a_most_of_words_overrules_a_least_of_tokens() -> None:
    limits = WordLimits(TokenWords(SUBWORDS), 0, 1)
    both = Rules(never=frozenset(), eos=EOS, min_tokens=99, words=limits)
    found = [(both.stage(node), both.banned(node)) for node in (ROOT, written("a"))]
    assert found == [("open", {EOS}), ("full", set())]


def test_words_are_counted_at_every_step() -> None:
    assert rules(SUBWORDS, 0, 5).free_steps(ROOT) == 0
    assert DecodeOptions().words is None
