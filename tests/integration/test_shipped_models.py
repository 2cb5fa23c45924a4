"""Every model in `models/` loads, says what it said on export, and answers alike in any company."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.artifacts.manifest import Golden
from app.artifacts.store import Artifact, discover, open_artifact
from app.engine.cpus import has_int8_units
from app.engine.engine import bears_int8
from scripts.benchmark.sentences import OWN
from scripts.training.asking import Source
from scripts.training.decoding import Decoder
from scripts.training.drawings import DRAWINGS
from scripts.training.invariance import compare

MODELS = Path(__file__).parents[2] / "models"
SENTENCES = OWN.read_text(encoding="utf-8").splitlines()
FIGURES = {
    "translate": {"bleu-first", "bleu-all", "chrf"},
    "summarize": {"rouge1", "rouge2", "rougeL", "fact-precision", "fact-recall", "length-ratio"},
    "caption": {"bleu-1", "bleu-4", "cider"},
}
PRECISIONS = ["float32", "int8"]
FEW = 24  # enough for bits, which differ everywhere if they do anywhere
SMALL = 45 * 1024 * 1024


@pytest.fixture(scope="module", params=discover(MODELS), ids=lambda path: path.parent.name)
def artifact(request: pytest.FixtureRequest) -> Artifact:
    return open_artifact(request.param)


def sources(artifact: Artifact) -> list[Source]:
    """What the model is asked: sentences, or pictures drawn by code."""
    if artifact.manifest.source_kind == "image":
        return [{"drawing": name} for name in DRAWINGS]
    return list(SENTENCES)


def test_golden_examples_come_out_as_exported(artifact: Artifact) -> None:
    examples = artifact.manifest.golden
    assert examples
    groups: dict[tuple[int, str], list[Golden]] = {}
    for example in examples:
        beam = int(str(example.options["beam_size"]))
        groups.setdefault((beam, example.target), []).append(example)
    with Decoder(artifact) as decoder:
        for (beam, target), some in groups.items():
            decoded = decoder.decode_texts([example.input for example in some], beam, target)
            assert decoded.texts == [example.output for example in some]


@pytest.fixture(params=PRECISIONS)
def int8(request: pytest.FixtureRequest, artifact: Artifact) -> bool:
    """Whether products are taken in int8, where the CPU and the model can."""
    wanted = request.param == "int8"
    if wanted and not (has_int8_units() and bears_int8(artifact.manifest)):
        pytest.skip("this CPU, or this model, takes its products in float32 only")
    return wanted


@pytest.mark.parametrize("beam", [1, 4])
def test_answers_do_not_depend_on_company(artifact: Artifact, beam: int, int8: bool) -> None:
    assert compare(artifact, sources(artifact), beam, exact=False, int8=int8).different == 0


@pytest.mark.parametrize("beam", [1, 4])
def test_exact_mode_is_bitwise_the_same_in_any_company(
    artifact: Artifact, beam: int, int8: bool
) -> None:
    found = compare(artifact, sources(artifact)[:FEW], beam, exact=True, int8=int8)
    assert (found.different, found.drift) == (0, 0.0)


def test_a_shipped_model_is_small_and_has_a_card(artifact: Artifact) -> None:
    names = {entry.path for entry in artifact.manifest.files}
    assert {"README.md", "curve.png"} <= names
    assert sum(entry.size for entry in artifact.manifest.files) <= SMALL


def test_a_shipped_model_names_its_licences_and_figures(artifact: Artifact) -> None:
    manifest = artifact.manifest
    assert manifest.licences
    assert manifest.commercial_use == all(entry.commercial_use for entry in manifest.licences)
    assert {metric.name for metric in manifest.metrics} >= FIGURES[manifest.task]
