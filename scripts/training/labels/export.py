"""From a finished run with labels to a verified artifact with its card and figures."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.artifacts.manifest import Licence, Limits, Manifest, TextProcessing, TokenDecoding
from app.artifacts.store import Artifact
from app.text.tokenizer import BOS, EOS, Tokenizer
from scripts.training.checkpoint import load_weights, read_arrays
from scripts.training.export import READING, training_of
from scripts.training.labels.config import LabelRecipe
from scripts.training.labels.evaluate import golden_labels, measure_labels
from scripts.training.model.reader import Classifier
from scripts.training.picture import draw_loss_curve
from scripts.training.publish import Findings, publish
from scripts.training.run import Run
from scripts.training.savedmodel import round_to_half, save_classifier

VOCABULARY = "source.json"


def _licences(recipe: LabelRecipe) -> tuple[Licence, ...]:
    found = [
        Licence(
            dataset=Path(table.path).name.split(".")[0],
            licence=table.licence,
            commercial_use=table.commercial_use,
            attribution=table.attribution,
        )
        for table in (recipe.labelled, *recipe.data.texts)
    ]
    return tuple({one.dataset: one for one in found}.values())


def make_served(recipe: LabelRecipe, run: Path) -> Classifier:
    """Return the classifier of a finished run without what only helped it to learn."""
    alone = recipe.classify.model_copy(update={"joint": 0.0})
    size = Tokenizer.load(run / "tokenizer.json").vocabulary_size
    model = Classifier(recipe.model_copy(update={"classify": alone}), size)
    load_weights(model, round_to_half(read_arrays(run / "weights.npz")))
    return model


def _build(run: Run[LabelRecipe], folder: Path) -> Manifest:
    """Write the SavedModels into `folder`; return a manifest that has no figures yet."""
    recipe = run.recipe
    model = make_served(recipe, run.folder)
    shutil.copyfile(run.tokenizer, folder / VOCABULARY)
    licences = _licences(recipe)
    return Manifest(
        name=recipe.name,
        version=recipe.version,
        task="generate",
        summary=recipe.summary,
        source_kind="text",
        target_kind="label",
        architecture={
            name: getattr(recipe, name).model_dump(mode="json")
            for name in ("tokenizer", "model", "encoder", "classify")
        },
        parameters=int(model.count_params()),
        signatures=save_classifier(model, folder),
        decoding=TokenDecoding(bos=BOS, eos=EOS, labels=tuple(recipe.labelled.names.values())),
        limits=Limits(max_source=recipe.data.max_source, max_target=1),
        text=TextProcessing(tokenizer=READING[recipe.tokenizer.kind], source_file=VOCABULARY),
        licences=licences,
        commercial_use=all(entry.commercial_use for entry in licences),
        training=training_of(run),
    )


def _check_golden(artifact: Artifact) -> None:
    golden = artifact.manifest.golden
    if golden_labels(artifact, [str(example.input) for example in golden]) != golden:
        raise AssertionError("the reloaded artifact says something else: this is a bug")


def export_labels(run: Run[LabelRecipe], data: Path, out: Path, replace: bool = False) -> Artifact:
    """Write `out/<name>/<version>/` from `run`, measured on the test split in `data`.

    Raises:
        ArtifactError: the version exists already and `replace` is false.
    """
    recipe = run.recipe

    def study(draft: Artifact) -> Findings:
        def draw(folder: Path) -> list[str]:
            draw_loss_curve(run.history, folder / "curve.png", recipe.name)
            return []

        golden = golden_labels(draft, recipe.evaluate.golden)
        return Findings(measure_labels(draft, recipe, data), golden, draw)

    return publish(
        run, lambda folder: _build(run, folder), study, _check_golden, out, replace=replace
    )
