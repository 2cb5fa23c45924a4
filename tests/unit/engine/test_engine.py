"""The engine with a fake backend: what is decoded does not depend on company or capacity."""

from __future__ import annotations

import asyncio

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.artifacts.manifest import Tensor
from app.engine.engine import COPIED, bears_int8
from app.engine.request import DecodeOptions, SequenceRequest, SequenceResult
from app.search.step import SamplingPlan
from tests.fakes.models import manifest
from tests.fakes.running import WORDS, outputs, request, running
from tests.fakes.spelling_backend import EOS, FakeBackend, noise, spell
from tests.fakes.toy_series import series_manifest

VOCABULARY = 9


async def test_words_are_spelt_in_order_whatever_their_length() -> None:
    async with running(FakeBackend(spell(WORDS)), max_rows=2) as engine:
        results = await engine.submit([request(s) for s in (7, 8, 9, 8, 7)]).results()
    assert outputs(results) == [WORDS[s] for s in (7, 8, 9, 8, 7)]
    assert {result.hypotheses[0].finish_reason for result in results} == {"stop"}


async def test_everything_works_in_one_batch_row_by_row() -> None:
    sampling = SamplingPlan(seed=5, top_k=4)
    kinds: list[dict[str, object]] = [
        {},
        {"beam_size": 3, "n_best": 2},
        {"sampling": sampling, "n_best": 2},
        {"forced": (5, 6)},
        {"beam_size": 2, "forced": (4,), "min_tokens": 3},
        {"no_repeat_ngram": 2, "want_attention": True},
    ]
    law = noise(VOCABULARY, 11)
    alone = []
    for kind in kinds:
        async with running(FakeBackend(law)) as engine:
            alone += await engine.submit([request(9, max_tokens=9, **kind)]).results()
    async with running(FakeBackend(law), max_rows=16) as engine:
        items = [request(9, max_tokens=9, **kind) for kind in kinds]
        together = await engine.submit(items).results()
    assert together == alone
    assert together[3].hypotheses[0].tokens[:2] == (5, 6)


async def test_a_beam_that_runs_out_of_things_to_say_ends() -> None:
    options = {"beam_size": 2, "no_repeat_ngram": 2, "min_tokens": 40, "max_tokens": 60}
    async with running(FakeBackend(noise(6, 3))) as engine:
        (result,) = await engine.submit([request(9, **options)]).results()
        assert result.hypotheses[0].tokens
        assert len(await engine.submit([request(9)]).results()) == 1


async def test_a_forced_id_without_any_chance_still_comes() -> None:
    def law(source: tuple[int, ...], history: tuple[int, ...]) -> NDArray[np.float64]:
        values = np.full(VOCABULARY, -np.inf)
        values[EOS] = 0.0
        return values

    async with running(FakeBackend(law)) as engine:
        for beam_size in (1, 2):
            items = [request(9, beam_size=beam_size, forced=(5, 6))]
            (result,) = await engine.submit(items).results()
            assert result.hypotheses[0].tokens == (5, 6)


async def test_the_limit_is_a_finish_reason() -> None:
    async with running(FakeBackend(spell(WORDS))) as engine:
        (result,) = await engine.submit([request(9, max_tokens=3)]).results()
    assert result.hypotheses[0].tokens == (4, 5, 6)
    assert result.hypotheses[0].finish_reason == "length"
    assert result.source_tokens == 2


async def test_attention_has_a_row_a_token_as_wide_as_the_source() -> None:
    async with running(FakeBackend(spell(WORDS))) as engine:
        wide = SequenceRequest({"tokens": np.array([9] * 6, np.int32)}, DecodeOptions())
        asked = request(8, want_attention=True, beam_size=2)
        results = await engine.submit([wide, asked]).results()
    assert results[0].hypotheses[0].attention is None
    attention = results[1].hypotheses[0].attention
    assert attention is not None
    assert attention.tolist() == [[1.0, 0.0]]


async def test_the_prefix_is_fed_but_not_told() -> None:
    async with running(FakeBackend(noise(VOCABULARY))) as engine:
        options = {"prefix": (5, 6), "max_tokens": 4}
        first = await engine.submit([request(7, **options)]).results()
        both = await engine.submit([request(7, **options), request(8)]).results()
    assert outputs(both)[0] == outputs(first)[0]


def many(draw: list[tuple[int, int, int]]) -> list[SequenceRequest]:
    return [
        request(source, beam_size=beam, n_best=beam, max_tokens=limit)
        for source, beam, limit in draw
    ]


@settings(max_examples=25, deadline=None)
@given(
    batch=st.lists(
        st.tuples(st.integers(4, 40), st.integers(1, 4), st.integers(1, 12)),
        min_size=1,
        max_size=14,
    ),
    max_rows=st.integers(4, 12),
    max_steps=st.sampled_from([1, 3, 8]),
    encode_tokens=st.sampled_from([1, 4, 512]),
)
def test_results_do_not_depend_on_company_order_or_capacity(
    batch: list[tuple[int, int, int]], max_rows: int, max_steps: int, encode_tokens: int
) -> None:
    async def decode() -> None:
        items = many(batch)
        alone: list[SequenceResult] = []
        async with running(FakeBackend(noise(VOCABULARY)), max_rows=4, max_steps=1) as engine:
            for item in items:
                alone += await engine.submit([item]).results()
        backend = FakeBackend(noise(VOCABULARY))
        config = {"max_rows": max_rows, "max_steps": max_steps, "encode_tokens": encode_tokens}
        async with running(backend, **config) as engine:
            backwards = [engine.submit([item]) for item in reversed(items)]
            together = engine.submit(items)
            assert await together.results() == alone
            apart = [(await submission.results())[0] for submission in reversed(backwards)]
            assert apart == alone
        # Up to a quarter of the rows may be dead and not yet dropped.
        assert backend.most_rows <= max_rows * 4 / 3

    asyncio.run(decode())


def test_models_of_numbers_and_models_that_copy_keep_float32() -> None:
    translator = manifest()
    encode = translator.signatures.encode
    outputs = {**encode.outputs, COPIED: Tensor(dtype="int32", axes=("batch", "source"), pad=0)}
    copying = encode.model_copy(update={"outputs": outputs})
    signatures = translator.signatures.model_copy(update={"encode": copying})
    assert bears_int8(translator)
    assert not bears_int8(translator.model_copy(update={"signatures": signatures}))
    assert not bears_int8(series_manifest())
