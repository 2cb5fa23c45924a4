"""From two tables in two languages to one model that is served: each answer is in its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import scripts.distill
import scripts.evaluate
import scripts.train
from app.artifacts.manifest import LanguagePair, TokenDecoding
from app.artifacts.store import Artifact, open_artifact
from app.engine.config import EngineConfig
from app.engine.observer import NullObserver
from app.engine.request import SequenceRequest, SequenceResult
from app.errors import ArtifactError
from app.main import create_app
from app.settings import Settings
from app.tasks.loaded import LoadedModel
from app.tasks.loading import load_model
from app.tasks.options import Options
from scripts.training.asking import prepare
from scripts.training.decoding import Decoder
from scripts.training.pairs import read_table, write_table
from scripts.verify_artifact import check
from tests.fakes.programs import runner

WORDS = {
    "one": ("un", "eins"),
    "two": ("deux", "zwei"),
    "three": ("trois", "drei"),
    "four": ("quatre", "vier"),
}
FRENCH, GERMAN = ({both[place] for both in WORDS.values()} for place in (0, 1))
RECIPE = """
name = "tiny-en-de-fr"
task = "translate"
summary = "Counts in German and French; for tests"
limits = "Knows four numbers."

[data]
source_language = "en"
target_language = "de"
max_source = 8
max_target = 8

[[data.corpora]]
path = "pairs.tsv"
source = "en"
target = "de"
licence = "CC0"
commercial_use = true
attribution = "us"
validate_on = true

[[data.corpora]]
path = "pairs.tsv"
source = "en"
target = "fr"
target_language = "fr"
licence = "CC0"
commercial_use = true
attribution = "us"
validate_on = true

[tokenizer]
kind = "word"
vocabulary = 40

[model]
embedding = 16
dropout = 0.0

[encoder]
kind = "recurrent"
layers = 1
units = 16

[decoder]
cell = "gru"
units = 16

[fit]
epochs = 12
batch_tokens = 128
learning_rate = 1e-2
warmup_steps = 10
average_decay = 0.9

[evaluate]
golden = ["one two", "four"]

[[evaluate.sets]]
name = "german"
path = "pairs.tsv"
source = "en"
target = "de"

[[evaluate.sets]]
name = "french"
path = "pairs.tsv"
source = "en"
target = "fr"
target_language = "fr"
"""
TEXTS = ["one two three", "four", "two two", "three one"]


def write_pairs(path: Path) -> None:
    """Write every row of one to three numbers, in both languages."""
    rows = [row for count in (1, 2, 3) for row in itertools.product(WORDS, repeat=count)]
    random.Random(1).shuffle(rows)
    table = []
    for place, row in enumerate(rows):
        french, german = (" ".join(WORDS[word][side] for word in row) for side in (0, 1))
        split = {3: "val", 7: "test"}.get(place % 10, "train")
        table.append((split, " ".join(row), french, german))
    write_table(path, ["split", "en", "fr", "de"], table)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The model that the recipe makes of the table beside it."""
    folder = tmp_path_factory.mktemp("targets")
    write_pairs(folder / "pairs.tsv")
    (folder / "shared.toml").write_text(RECIPE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as monkeypatch:
        train = runner(folder, monkeypatch)
        train(scripts.train.main, "--recipe", "shared.toml", "--data", ".", "--out", "models")
    return open_artifact(folder / "models/tiny-en-de-fr/1")


@pytest.fixture(scope="module")
def served(artifact: Artifact) -> Iterator[LoadedModel]:
    model = load_model(artifact, EngineConfig(device="cpu"), NullObserver())
    yield model
    model.engine.close()


def decode(model: LoadedModel, items: tuple[SequenceRequest, ...]) -> list[SequenceResult]:
    async def results() -> list[SequenceResult]:
        return [*await model.engine.submit(items, deadline=None).results()]

    return asyncio.run(results())


def test_one_command_goes_from_two_languages_to_an_artifact_that_says_both(
    artifact: Artifact,
) -> None:
    manifest = artifact.manifest
    assert isinstance(manifest.decoding, TokenDecoding)
    german, french = manifest.decoding.prefixes["en-de"], manifest.decoding.prefixes["en-fr"]
    assert manifest.languages == (
        LanguagePair(source="en", target="de"),
        LanguagePair(source="en", target="fr"),
    )
    assert {*german, *french} <= {*manifest.decoding.never}
    assert manifest.limits.max_target == 7  # of 8 places the tag takes one
    assert {(metric.dataset, metric.target) for metric in manifest.metrics} == {
        ("german", "de"),
        ("french", "fr"),
    }
    for example in manifest.golden:
        assert {*str(example.output).split()} <= (GERMAN if example.target == "de" else FRENCH)
    assert [example.target for example in manifest.golden] == ["de"] * 4 + ["fr"] * 4
    assert check(artifact.folder)
    card = (artifact.folder / "README.md").read_text(encoding="utf-8")
    assert "(en → de, en → fr)" in card
    assert "| french | fr | test | chrf | greedy |" in card


def test_a_shared_model_is_measured_and_teaches_in_each_language(
    artifact: Artifact,
    in_process: Callable[..., None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = artifact.folder.parents[2]
    recipe = str(root / "shared.toml")
    about = (str(artifact.folder), "--recipe", recipe, "--data", str(root))
    in_process(scripts.evaluate.main, *about, "--json", "figures.json")
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert figures == [metric.model_dump(mode="json") for metric in artifact.manifest.metrics]
    assert "french           fr test" in capsys.readouterr().out

    in_process(scripts.distill.main, *about, "--out", "said.tsv")
    said = read_table(tmp_path / "said.tsv")
    assert {word for row in said for word in row["de"].split()} <= GERMAN
    with Decoder(artifact) as decoder:
        assert {*decoder.candidates(["one two"], 1, "fr")[0][0].split()} <= FRENCH
        with pytest.raises(ArtifactError, match="does not translate into mr"):
            decoder.decode_texts(["one"], 1, "mr")


@pytest.mark.parametrize(
    "options", [Options(beam_size=1), Options(beam_size=3, n_best=3), Options(seed=5, n_best=2)]
)
def test_both_languages_in_one_batch_are_answered_as_each_alone(
    served: LoadedModel, options: Options
) -> None:
    apart = {t: prepare(TEXTS, served, options, target=t).items for t in ("de", "fr")}
    mixed = tuple(itertools.chain(*zip(apart["de"], apart["fr"], strict=True)))
    together = decode(served, mixed)
    alone = [decode(served, (item,))[0] for item in mixed]

    def tokens(results: list[SequenceResult]) -> list[list[tuple[int, ...]]]:
        return [[found.tokens for found in result.hypotheses] for result in results]

    assert tokens(together) == tokens(alone)
    for words, results in ((GERMAN, together[::2]), (FRENCH, together[1::2])):
        texts = [served.target.decode(result.hypotheses[0].tokens) for result in results]
        assert {word for text in texts for word in text.split()} <= words


def test_the_service_never_shows_the_tag(artifact: Artifact) -> None:
    settings = Settings(models=artifact.folder.parents[1], device="cpu")
    with TestClient(create_app(settings)) as client:
        while client.get("/readyz").json().get("code") == "loading":
            pass
        (language,) = client.get("/v1/languages").json()["languages"]
        assert [target["code"] for target in language["targets"]] == ["de", "fr"]
        body: dict[str, Any] = {
            "text": "one two",
            "target": "fr",
            "return_alignments": True,
            "options": {"beam_size": 2, "n_best": 2},
        }
        answer = client.post("/v1/translate", json=body).json()
        (item,) = answer["translations"]
        texts = [item["text"], *(other["text"] for other in item["alternatives"])]
        written = " ".join(texts).split()
        assert {*written} <= FRENCH
        assert answer["usage"]["target_tokens"] == len(written)
        assert len(item["alignment"]["target_tokens"]) == len(item["text"].split())
        assert len(item["alignment"]["weights"]) == len(item["text"].split())

        lines = client.post("/v1/translate/stream", json=body).text.splitlines()
        *pieces, end = [json.loads(line.removeprefix("data: ")) for line in lines if line]
        assert "".join(piece["text"] for piece in pieces) == item["text"]
        assert end["result"] == answer

        german = client.post("/v1/translate", json={**body, "target": "DE"}).json()
        assert {*german["translations"][0]["text"].split()} <= GERMAN
        tag = {"text": "<2fr> one", "target": "de"}
        spelt = client.post("/v1/translate", json=tag).json()["translations"][0]["text"]
        assert {*spelt.split()} <= GERMAN
