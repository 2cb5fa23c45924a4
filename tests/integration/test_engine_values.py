"""The engine on real SavedModels of numbers and of labels."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from app.artifacts.store import Artifact
from app.engine.config import EngineConfig
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from app.engine.request import SequenceRequest, SequenceResult
from app.text.tokenizer import EOS
from tests.fakes.toy_labels import write_toy_labels
from tests.fakes.toy_series import LEAST, write_toy_series


@pytest.fixture(scope="module")
def means(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return write_toy_series(tmp_path_factory.mktemp("models"))


def series(*values: float) -> SequenceRequest:
    column = np.array(values, np.float32)[:, None]
    return SequenceRequest({"values": column, "mask": np.ones(len(values), np.bool_)})


def decode(
    artifact: Artifact, batches: Sequence[Sequence[SequenceRequest]], **config: object
) -> list[list[SequenceResult]]:
    """Decode the batches one after the other in one engine."""

    async def run() -> list[list[SequenceResult]]:
        engine = Engine.load(artifact, EngineConfig(**config), NullObserver())  # type: ignore[arg-type]
        engine.start()
        try:
            return [await engine.submit(batch).results() for batch in batches]
        finally:
            await asyncio.to_thread(engine.close)

    return asyncio.run(run())


def test_no_source_is_ever_shorter_than_the_model_reads_not_even_to_warm_up(
    means: Artifact,
) -> None:
    assert means.manifest.limits.min_source == LEAST == 2
    assert decode(means, []) == []


def test_numbers_go_in_and_numbers_come_out(means: Artifact) -> None:
    ((three, two),) = decode(means, [[series(1, 2, 3), series(-1.5, 1)]])
    assert three == SequenceResult((), 3, ((2.0,), (4.0,), (6.0,), (8.0,)))
    assert two.values == ((-0.25,), (-0.5,), (-0.75,), (-1.0,))


@pytest.mark.parametrize("exact", [False, True])
def test_a_series_is_the_same_alone_and_in_company(means: Artifact, exact: bool) -> None:
    generator = np.random.default_rng(3)
    items = [series(*generator.normal(0, 9, 2 + place % 7).tolist()) for place in range(20)]
    batches = [[item] for item in items] + [items, items[::-1]]
    # Few rows, one step a call: they join and leave between each other's steps.
    found = decode(means, batches, max_rows=6, max_steps=1, exact=exact)
    alone = [result.values for (result,) in found[: len(items)]]
    for company in (found[-2], found[-1][::-1]):
        difference = np.array([result.values for result in company]) - np.array(alone)
        assert np.abs(difference).max() <= (0.0 if exact else 1e-5)


def test_several_steps_a_call_give_what_single_steps_give(means: Artifact) -> None:
    items = [series(*range(1, n)) for n in (3, 5, 8)]
    by_ones, by_threes = (
        decode(means, [items], max_steps=steps, max_call_seconds=60.0) for steps in (1, 3)
    )
    assert by_ones == by_threes


def test_a_step_may_have_several_numbers(tmp_path: Path) -> None:
    artifact = write_toy_series(tmp_path, "toy-pairs", features=2)
    values = np.array([[1, 10], [3, 30]], np.float32)
    request = SequenceRequest({"values": values, "mask": np.ones(2, np.bool_)})
    ((found,),) = decode(artifact, [[request]])
    assert found.values == ((2.0, 20.0), (4.0, 40.0), (6.0, 60.0), (8.0, 80.0))


def test_a_classifier_gives_every_label_its_probability(tmp_path: Path) -> None:
    artifact = write_toy_labels(tmp_path)
    texts = [np.array([4] * words + [EOS], np.int32) for words in (4, 1, 8)]
    (found,) = decode(artifact, [[SequenceRequest({"tokens": text}) for text in texts]])
    four, one, eight = (result.hypotheses for result in found)
    assert [h.tokens for h in four] == [(1,), (0,), (2,)]
    assert [one[0].tokens, eight[0].tokens] == [(0,), (2,)]
    total = math.exp(-3) + 1 + math.exp(-5)
    wanted = [1 / total, math.exp(-3) / total, math.exp(-5) / total]
    assert [math.exp(h.log_probability) for h in four] == pytest.approx(wanted, abs=1e-6)
