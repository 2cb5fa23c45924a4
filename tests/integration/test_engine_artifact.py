"""The engine on a real SavedModel: the toy that counts in French."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.artifacts.store import Artifact
from app.engine.config import EngineConfig
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from app.engine.request import DecodeOptions, SequenceRequest, SequenceResult
from app.errors import ArtifactError
from app.text.tokenizer import BOS, EOS, Tokenizer
from tests.fakes.toy_artifact import write_toy_artifact

if TYPE_CHECKING:
    from app.engine.session import Session

ENGLISH = {word: 4 + place for place, word in enumerate(["one", "two", "three", "four", "five"])}


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return write_toy_artifact(tmp_path_factory.mktemp("models"))


def make_session(artifact: Artifact, *, exact: bool = False) -> Session:
    from app.engine.session import Session

    return Session(artifact, device="cpu", threads=(1, 2), exact=exact)


def request(ids: Sequence[int], **options: object) -> SequenceRequest:
    source = {"tokens": np.array([*ids, EOS], np.int32)}
    return SequenceRequest(source, DecodeOptions(**options))  # type: ignore[arg-type]


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


def mixture() -> list[SequenceRequest]:
    """Sources of 1 to 24 words, greedy and beams, some with attention."""
    generator = np.random.default_rng(5)
    return [
        request(
            generator.integers(4, 14, 1 + (7 * index) % 24).tolist(),
            beam_size=1 + index % 4,
            n_best=1 + index % 2 if index % 4 else 1,
            want_attention=index % 5 == 0,
            max_tokens=6 + index % 30,
        )
        for index in range(30)
    ]


def test_text_goes_in_and_french_comes_out(artifact: Artifact) -> None:
    source = Tokenizer.load(artifact.folder / "source.json")
    target = Tokenizer.load(artifact.folder / "target.json")
    asked = [request(source.encode("one two three")), request(source.encode("ten six"))]
    (results,) = decode(artifact, [asked])
    said = [target.decode(result.hypotheses[0].tokens) for result in results]
    assert said == ["un deux trois", "dix six"]


def test_the_log_probability_is_the_one_that_a_person_computes(artifact: Artifact) -> None:
    # `one`: aim 14, fed 1, bonus at 4 + 1 = 5. Then aim 2 (end), fed 14, bonus at 4 + 15 = 19.
    ((result,),) = decode(artifact, [[request([4])]])

    def log_p(aim: int, bonus: int) -> float:
        logits = [-2.0 * abs(v - aim) + 0.5 * (v == bonus) for v in range(24)]
        return logits[aim] - math.log(sum(math.exp(x) for x in logits))

    expected = log_p(14, 5) + log_p(2, 19)
    assert result.hypotheses[0].tokens == (14,)
    assert result.hypotheses[0].log_probability == pytest.approx(expected, abs=1e-5)
    assert result.hypotheses[0].score == pytest.approx(expected / 2, abs=1e-5)


def test_attention_points_at_the_word_that_is_read(artifact: Artifact) -> None:
    asked = [request([4, 5], want_attention=True, beam_size=2), request([4] * 9)]
    ((first, _),) = decode(artifact, [asked])
    attention = first.hypotheses[0].attention
    assert attention is not None
    assert attention.tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


def test_forced_prefix_shifts_what_is_read(artifact: Artifact) -> None:
    # Feeding the prefix takes a step, and with it the first word.
    ((result,),) = decode(artifact, [[request([4, 5, 6], prefix=(9,))]])
    assert result.hypotheses[0].tokens == (15, 16)


@pytest.mark.parametrize("exact", [False, True])
def test_results_are_the_same_alone_and_in_company(artifact: Artifact, exact: bool) -> None:
    items = mixture()
    batches = [[item] for item in items] + [items, items[::-1]]
    results = decode(artifact, batches, max_rows=24, exact=exact)
    alone = [result for (result,) in results[: len(items)]]
    for company in (results[-2], results[-1][::-1]):
        for one, other in zip(alone, company, strict=True):
            told, retold = one.hypotheses, other.hypotheses
            assert [h.tokens for h in told] == [h.tokens for h in retold]
            tolerance = 0.0 if exact else 1e-4
            assert [h.log_probability for h in told] == pytest.approx(
                [h.log_probability for h in retold], abs=tolerance, rel=0.0
            )
            weights = [[h.attention for h in hypotheses] for hypotheses in (told, retold)]
            np.testing.assert_equal(weights[0], weights[1])


def test_several_steps_a_call_give_what_single_steps_give(artifact: Artifact) -> None:
    items = [
        request(item.source["tokens"][:-1].tolist(), max_tokens=item.options.max_tokens)
        for item in mixture()
    ]
    (by_ones,), (by_eights,) = (
        decode(artifact, [items], max_rows=8, max_steps=steps, max_call_seconds=60.0, exact=True)
        for steps in (1, 8)
    )
    assert by_eights == by_ones
    stepwise = [
        SequenceRequest(item.source, replace(item.options, want_attention=True)) for item in items
    ]
    (by_search,) = decode(artifact, [stepwise], max_rows=8, exact=True)
    assert by_search == by_ones


def test_a_step_answers_probes_and_enough_candidates(artifact: Artifact) -> None:
    session = make_session(artifact)
    session.join(
        session.encode([{"tokens": np.array([4, EOS], np.int32)}]),
        np.zeros(0, np.int32),
        np.array([2], np.int32),
    )
    rows, probes = np.array([0, 0], np.int32), np.array([[14, 13], [15, 2]], np.int32)
    for fetch, given in ((1, 1), (2, 8), (9, 24), (500, 24)):
        session.reset()
        encoded = session.encode([{"tokens": np.array([4, EOS], np.int32)}])
        session.join(encoded, np.zeros(0, np.int32), np.array([2], np.int32))
        result = session.advance(rows, np.array([BOS, BOS], np.int32), probes, fetch, True)
        assert result.ids.shape == (2, given)
        assert result.ids[:, 0].tolist() == [14, 14]
        assert result.attention is not None
        assert result.attention[:, :2].tolist() == [[1.0, 0.0]] * 2
        assert not result.attention[:, 2:].any()  # padding
        best = result.log_probabilities[0, 0]
        assert result.probe_log_probabilities == pytest.approx(
            np.array([[best, best - 2.0], [best - 2.0, best - 24.0]]), abs=1e-5
        )


@pytest.mark.parametrize("exact", [False, True])
def test_rows_that_end_within_a_call_change_no_other(artifact: Artifact, *, exact: bool) -> None:
    """Rows of 1 to 8 words end one after the other, most of them within the first call."""
    sources = [{"tokens": np.array([4 + n % 5] * n + [EOS], np.int32)} for n in range(1, 9)]
    nothing, one = np.zeros(0, np.int32), np.ones(1, np.int32)
    session = make_session(artifact, exact=exact)
    alone = []
    for source in sources:
        session.reset()
        session.join(session.encode([source]), nothing, one)
        alone.append(session.advance_greedy(one * 0, one * BOS, 16))
    session.reset()
    session.join(session.encode(sources), nothing, np.repeat(one, 8))
    rows = np.arange(8, dtype=np.int32)
    first = session.advance_greedy(rows, np.full(8, BOS, np.int32), 7)
    ended = (first.ids == EOS).any(axis=1)
    assert ended.tolist() == [True] * 6 + [False] * 2
    again = session.advance_greedy(rows, np.where(ended, EOS, first.ids[:, -1]), 16)
    assert (first.ids.shape, again.ids.shape) == ((8, 7), (8, 2))
    for row, solo in enumerate(alone):
        length = row + 2  # with its end
        assert solo.ids.shape == (1, length)
        ids = np.concatenate([first.ids[row], again.ids[row]])[:length]
        gains = np.concatenate([first.log_probabilities[row], again.log_probabilities[row]])
        assert ids.tolist() == solo.ids[0].tolist()
        assert gains[:length] == pytest.approx(solo.log_probabilities[0], abs=1e-5)


def test_memory_shrinks_when_long_rows_leave(artifact: Artifact) -> None:
    session = make_session(artifact)
    sources = [{"tokens": np.array([4 + n] * n + [EOS], np.int32)} for n in (2, 9)]
    session.join(session.encode(sources), np.zeros(0, np.int32), np.array([1, 1], np.int32))
    tokens, no_probes = np.array([BOS, BOS], np.int32), np.zeros((2, 0), np.int32)
    both = session.advance(np.array([0, 1], np.int32), tokens, no_probes, 1, True)
    assert both.ids[:, 0].tolist() == [16, 23]
    one = session.advance(np.array([0], np.int32), tokens[:1], no_probes[:1], 1, True)
    assert one.attention is not None
    assert both.attention is not None
    assert one.ids[:, 0].tolist() == [16]
    assert (both.attention.shape, one.attention.shape) == ((2, 16), (1, 8))


def test_a_broken_savedmodel_is_refused_with_its_name(artifact: Artifact, tmp_path: Path) -> None:
    folder = tmp_path / "toy-en-fr" / "1"
    shutil.copytree(artifact.folder, folder)
    graph = folder / "decoder" / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:100])
    with pytest.raises(ArtifactError, match="decoder/ cannot be loaded"):
        make_session(Artifact(folder, artifact.manifest))


def test_a_device_that_is_not_there_is_refused(artifact: Artifact) -> None:
    with pytest.raises(ArtifactError, match="gpu:7"):
        Engine.load(artifact, EngineConfig(device="gpu:7"), NullObserver())


def test_loading_a_model_imports_no_keras(artifact: Artifact) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from app.artifacts.store import open_artifact\n"
        "from app.engine.session import Session\n"
        "Session(open_artifact(Path(sys.argv[1])), device='cpu', threads=(1, 2), exact=False)\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(roots & {'keras', 'tf_keras', 'tensorflow'}))\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script, str(artifact.folder)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.strip() == "['tensorflow']"
