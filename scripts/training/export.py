"""From a finished run to a verified artifact with its card, figures and golden examples."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Literal

from app.artifacts.manifest import (
    ImageProcessing,
    LanguagePair,
    Licence,
    Limits,
    Manifest,
    TextProcessing,
    TokenDecoding,
    Training,
)
from app.artifacts.store import Artifact
from app.text.tokenizer import BOS, EOS, PAD, UNK, Tokenizer
from scripts.training.checkpoint import load_weights, read_arrays
from scripts.training.config import Data, Recipe
from scripts.training.evaluate import draw_golden, golden_examples, measure
from scripts.training.labels.config import LabelRecipe
from scripts.training.model.captioner import Captioner
from scripts.training.model.family import make_model
from scripts.training.model.seq2seq import Seq2Seq
from scripts.training.picture import draw_loss_curve
from scripts.training.publish import Findings, publish
from scripts.training.run import Run
from scripts.training.savedmodel import round_to_half, save_models
from scripts.training.series.config import SeriesRecipe
from scripts.training.tags import prefixes

ATTENTION = "attention.png"
READING: dict[str, Literal["subword", "word", "char"]] = {
    "subword": "subword",
    "elided": "subword",
    "word": "word",
    "plain": "word",
    "char": "char",
    "tagged": "char",
}


def revision() -> str:
    """Return the git revision of the working tree, `unknown` outside one."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"],  # noqa: S607 - whichever git there is
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def training_of(run: Run[Recipe] | Run[SeriesRecipe] | Run[LabelRecipe]) -> Training:
    """Return how to make the weights of `run` again."""
    return Training(
        command=run.command,
        revision=revision(),
        seed=run.recipe.fit.seed,
        recipe=run.recipe.name,
        history=tuple(run.history),
    )


def _licences(recipe: Recipe) -> tuple[Licence, ...]:
    puzzle = recipe.data.puzzle
    if puzzle and not puzzle.of_words:
        made = f"made by the rule {puzzle.rule}"
        return (Licence(dataset=made, licence="CC0-1.0", commercial_use=True),)
    return tuple(
        Licence(
            dataset=Path(c.path).name.split(".")[0],
            licence=c.licence,
            commercial_use=c.commercial_use,
            attribution=c.attribution,
        )
        for c in recipe.data.corpora
        if c.train
    )


def _max_source(model: Seq2Seq, recipe: Recipe) -> int:
    """Return how many tokens the model reads, or of how many places a picture is made."""
    if not isinstance(model, Captioner):
        return recipe.data.max_source
    rows, columns = model.encoder.grid
    return int(rows * columns)


def _pairs(data: Data) -> tuple[LanguagePair, ...]:
    source = data.source_language
    return tuple(LanguagePair(source=source, target=target) for target in data.target_languages)


def _decoding(data: Data, tokenizer: Tokenizer) -> TokenDecoding:
    """Return how to decode; language tags are fed, and never written."""
    forced = {f"{data.source_language}-{t}": ids for t, ids in prefixes(data, tokenizer).items()}
    fed = [token for ids in forced.values() for token in ids]
    return TokenDecoding(
        bos=BOS, eos=EOS, never=(PAD, BOS, UNK, *fed), prefixes=forced if fed else {}
    )


def _build(run: Run[Recipe], folder: Path) -> Manifest:
    """Write the SavedModels into `folder`; return a manifest that has no figures yet."""
    recipe = run.recipe
    tokenizer = Tokenizer.load(run.tokenizer)
    model = make_model(recipe, tokenizer.vocabulary_size)
    load_weights(model, round_to_half(read_arrays(run.folder / "weights.npz")))
    signatures = save_models(model, folder)
    of_images = recipe.encoder.kind == "image"
    vocabulary = "target.json" if of_images else "source.json"
    shutil.copyfile(run.tokenizer, folder / vocabulary)
    licences = _licences(recipe)
    decoding = _decoding(recipe.data, tokenizer)
    fed = max(map(len, decoding.prefixes.values()), default=0)  # a cache holds these places, too
    return Manifest(
        name=recipe.name,
        version=recipe.version,
        task=recipe.task,
        summary=recipe.summary,
        languages=_pairs(recipe.data),
        source_kind="image" if of_images else "text",
        target_kind="text",
        architecture={
            "tokenizer": recipe.tokenizer.model_dump(mode="json"),
            "model": recipe.model.model_dump(mode="json"),
            "encoder": recipe.encoder.model_dump(mode="json"),
            "decoder": recipe.decoder.model_dump(mode="json"),
        },
        parameters=int(model.count_params()),
        signatures=signatures,
        decoding=decoding,
        limits=Limits(
            max_source=_max_source(model, recipe), max_target=recipe.data.max_target - fed
        ),
        generation=recipe.generation,
        text=TextProcessing(
            tokenizer=READING[recipe.tokenizer.kind],
            source_file="" if of_images else vocabulary,
            target_file=vocabulary,
            append_eos=not of_images,
        ),
        image=ImageProcessing(grid=model.encoder.grid) if of_images else None,
        licences=licences,
        commercial_use=all(entry.commercial_use for entry in licences),
        training=training_of(run),
    )


def _check_golden(artifact: Artifact, recipe: Recipe) -> None:
    if golden_examples(artifact, recipe) != artifact.manifest.golden:
        raise AssertionError("the reloaded artifact decodes differently: this is a bug")


def export(run: Run[Recipe], data: Path, out: Path, replace: bool = False) -> Artifact:
    """Write `out/<name>/<version>/` from `run`, measured on the sets found in `data`.

    Raises:
        ArtifactError: the version exists already and `replace` is false.
    """
    recipe = run.recipe

    def study(draft: Artifact) -> Findings:
        def draw(folder: Path) -> list[str]:
            draw_loss_curve(run.history, folder / "curve.png", recipe.name)
            looks = draw_golden(draft, recipe, folder / ATTENTION)
            line = f"![where it looks at each source, below, for each output]({ATTENTION})"
            return [line, ""] if looks else []

        return Findings(measure(draft, recipe, data), golden_examples(draft, recipe), draw)

    return publish(
        run,
        lambda folder: _build(run, folder),
        study,
        lambda made: _check_golden(made, recipe),
        out,
        replace=replace,
    )
