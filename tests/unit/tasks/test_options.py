"""Options are resolved against the model, and what does not fit is pointed at."""

from __future__ import annotations

from typing import Any

import pytest

from app.artifacts.manifest import Generation
from app.errors import InvalidRequest
from app.search.step import SamplingPlan
from app.tasks.options import SEEDS, Options
from app.tasks.translate import TranslateJob, prepare
from tests.fakes.models import model

TOY = model(max_rows=32, max_waiting=32)


def prepared(texts: tuple[str, ...] = ("one two",), **options: Any) -> Any:
    job = TranslateJob(texts, len(texts) > 1, "fr", options=Options(**options))
    return prepare(job, TOY)


def test_what_is_left_out_is_the_models_own() -> None:
    decode = prepared().items[0].options
    assert (decode.beam_size, decode.n_best, decode.length_penalty) == (2, 1, 1.0)
    assert (decode.sampling, decode.min_tokens, decode.repetition_guard) == (None, 0, True)


def test_runs_of_tokens_come_twice_unless_the_model_or_the_request_says_no() -> None:
    assert prepared().items[0].options.no_repeat_ngram == 0
    shy = model(generation=Generation(no_repeat_ngram_size=3))
    for asked, used in ((None, 3), (0, 0), (2, 2)):
        options = Options(no_repeat_ngram_size=asked)
        job = TranslateJob(("one",), False, "fr", options=options)
        assert prepare(job, shy).items[0].options.no_repeat_ngram == used


def test_a_beginning_is_tokenized_and_leaves_room_for_more() -> None:
    plain, forced = prepared().items[0].options, prepared(prefix="two one").items[0].options
    assert len(forced.forced) == 2
    assert forced.max_tokens == plain.max_tokens + 2


def test_samples_differ_by_item_and_keep_their_seed() -> None:
    found = prepared(("one", "two"), temperature=0.5, seed=9, n_best=3)
    assert found.seed == 9
    assert [item.options.sampling for item in found.items] == [
        SamplingPlan(0.5, 256, 1.0, 9, 0),
        SamplingPlan(0.5, 256, 1.0, 9, 1),
    ]
    assert {(item.options.beam_size, item.options.rows) for item in found.items} == {(1, 3)}


def test_a_seed_is_made_up_where_none_is_given_and_told() -> None:
    seeds = {prepared(top_k=5).seed for _ in range(3)}
    assert len(seeds) == 3
    assert all(0 <= seed < SEEDS for seed in seeds)


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"temperature": 1.0, "beam_size": 4}, "/options/beam_size"),
        ({"beam_size": 2, "n_best": 3}, "/options/n_best"),
        ({"max_tokens": 65}, "/options/max_tokens"),
        ({"no_repeat_ngram_size": 1}, "/options/no_repeat_ngram_size"),
        ({"min_tokens": 65}, "/options/min_tokens"),
        ({"max_tokens": 4, "min_tokens": 5}, "/options/min_tokens"),
        ({"prefix": "one two", "max_tokens": 2}, "/options/prefix"),
        ({"prefix": ""}, "/options/prefix"),
        ({"prefix": "zebra"}, "/options/prefix"),
        ({"temperature": 1.0, "n_best": 33}, "/options/n_best"),
    ],
)
def test_what_does_not_fit_is_pointed_at(options: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        prepared(**options)
    assert [field.pointer for field in caught.value.fields] == [pointer]
