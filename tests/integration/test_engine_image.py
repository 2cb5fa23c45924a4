"""The engine on a real model of images: the toy that names the colours of four cells."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.artifacts.store import Artifact, open_artifact
from app.engine.config import EngineConfig
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from app.engine.request import DecodeOptions, SequenceRequest, SequenceResult
from app.errors import ArtifactError
from app.tasks.loaded import load_tokenizers
from tests.fakes.images import BLACK, BLUE, GREEN, RED, WHITE, cells
from tests.fakes.toy_artifact import write_toy_captioner

WORDS = {RED: "red", GREEN: "green", BLUE: "blue", WHITE: "white"}


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return write_toy_captioner(tmp_path_factory.mktemp("models"))


def image(*colours: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.asarray(cells(*colours, width=8, height=8))


def request(pixels: NDArray[np.uint8], **options: object) -> SequenceRequest:
    return SequenceRequest({"image": pixels}, DecodeOptions(max_tokens=8, **options))  # type: ignore[arg-type]


class Counting(NullObserver):
    """Keeps how many sources each call encoded."""

    def __init__(self) -> None:
        self.groups: list[int] = []

    def encoded(self, items: int, seconds: float) -> None:
        self.groups.append(items)


def decode(
    artifact: Artifact, batches: Sequence[Sequence[SequenceRequest]], **config: object
) -> tuple[list[list[SequenceResult]], list[int]]:
    """Submit every batch as a request of its own, all at once; the sizes of encoded groups."""
    observer = Counting()

    async def run() -> list[list[SequenceResult]]:
        engine = Engine.load(artifact, EngineConfig(**config), observer)  # type: ignore[arg-type]
        try:
            submissions = [engine.submit(batch) for batch in batches]
            engine.start()
            return [await submission.results() for submission in submissions]
        finally:
            await asyncio.to_thread(engine.close)

    return asyncio.run(run()), observer.groups


def said(artifact: Artifact, results: Sequence[SequenceResult]) -> list[str]:
    _, target = load_tokenizers(artifact)
    return [target.decode(result.hypotheses[0].tokens) for result in results]


def test_an_artifact_of_images_has_one_tokenizer(artifact: Artifact) -> None:
    opened = open_artifact(artifact.folder)
    source, target = load_tokenizers(opened)
    assert source is None
    assert target is not None
    assert opened.manifest.image_size == (8, 8)


@pytest.mark.parametrize("exact", [False, True])
def test_images_of_all_requests_are_encoded_together(artifact: Artifact, exact: bool) -> None:
    asked = [[request(image(one, two, BLACK, RED))] for one, two in product(WORDS, WORDS)]
    results, groups = decode(artifact, asked, exact=exact)
    expected = [f"{WORDS[one]} {WORDS[two]}" for one, two in product(WORDS, WORDS)]
    assert [text for (result,) in results for text in said(artifact, [result])] == expected
    assert groups == [16]


@pytest.mark.parametrize("exact", [False, True])
def test_attention_is_over_the_places_of_the_image(artifact: Artifact, exact: bool) -> None:
    asked = [[request(image(), want_attention=True, beam_size=size)] for size in (1, 3)] + [
        [request(image(GREEN, BLACK, RED, RED))]
    ]
    results, _ = decode(artifact, asked, exact=exact)
    for (result,) in results[:2]:
        attention = result.hypotheses[0].attention
        assert attention is not None
        assert attention.tolist() == np.eye(4).tolist()
    assert said(artifact, results[2]) == ["green"]


@pytest.mark.parametrize("exact", [False, True])
def test_a_fine_grid_is_kept_whole(tmp_path: Path, exact: bool) -> None:
    fine = write_toy_captioner(tmp_path, "fine", grid=8)
    pixels = np.full((8, 8, 3), 255, np.uint8)
    pixels[2, 1] = 0  # the place 17 is black: the caption ends there
    options = DecodeOptions(max_tokens=64, repetition_guard=False, want_attention=True)
    ((result,),), _ = decode(fine, [[SequenceRequest({"image": pixels}, options)]], exact=exact)
    (best,) = result.hypotheses
    assert (len(best.tokens), best.finish_reason) == (17, "stop")
    assert best.attention is not None
    assert best.attention.tolist() == np.eye(17, 64).tolist()


def test_results_are_the_same_alone_and_in_company(artifact: Artifact) -> None:
    generator = np.random.default_rng(3)
    items = [
        request(generator.integers(0, 256, (8, 8, 3), np.uint8), beam_size=1 + place % 3)
        for place in range(20)
    ]
    together, apart = [items], [[item] for item in items[:4]]
    (results, *others), _ = decode(artifact, together + apart, exact=True, max_rows=24)
    assert results[:4] == [result for (result,) in others]
    (lone,), _ = decode(artifact, [items[:1]], exact=True)
    assert lone == results[:1]


def test_a_manifest_whose_image_has_no_size_is_refused(artifact: Artifact, tmp_path: Path) -> None:
    text = (artifact.folder / "manifest.json").read_text(encoding="utf-8")
    folder = tmp_path / "toy-colours" / "1"
    folder.mkdir(parents=True)
    changed = text.replace('"uint8"', '"float32"')
    (folder / "manifest.json").write_text(changed, encoding="utf-8")
    with pytest.raises(ArtifactError, match="a model of images takes `image` uint8"):
        open_artifact(folder)
    changed = text.replace('"task": "caption"', '"task": "summarize"')
    (folder / "manifest.json").write_text(changed, encoding="utf-8")
    with pytest.raises(ArtifactError, match="a model that can summarize takes texts"):
        open_artifact(folder)
