"""Measure an exported artifact with the engine that serves, and make its golden examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import JsonValue

from app.artifacts.manifest import Golden, Metric
from app.artifacts.store import Artifact
from app.text.script import spaceless
from scripts.training.asking import Source
from scripts.training.captions import IMAGES
from scripts.training.captionscores import score_captions
from scripts.training.config import EvaluationSet, Recipe
from scripts.training.decoding import Decoder
from scripts.training.exact import score_exact
from scripts.training.heatmap import draw_attention
from scripts.training.items import Item, read_items
from scripts.training.lengths import Score, score_by_length
from scripts.training.pairs import read_pairs
from scripts.training.puzzles.heldout import held_out
from scripts.training.scores import score_moses, score_translations
from scripts.training.summaries import score_lead, score_summaries

BEAM = 4
LOOKS = 3


def measure(
    artifact: Artifact, recipe: Recipe, data: Path, *, int8: bool = False
) -> tuple[Metric, ...]:
    """Decode every evaluation set of `recipe` that is there, greedily and with a beam."""
    metrics: list[Metric] = []
    with Decoder(artifact, int8=int8) as decoder:
        for about, items in _sets(recipe, data):
            target = recipe.data.language_of(about)
            found = score_lead(items, about, recipe.evaluate.metrics, spaceless(target))
            for beam, decoding in ((1, "greedy"), (BEAM, f"beam {BEAM}")):
                sources = _sources(items, about, recipe, data)
                hypotheses = decoder.decode_texts(sources, beam, target).texts
                found += _score(items, hypotheses, about, decoding, recipe)
            metrics += [_told(metric, target, recipe) for metric in found]
    return tuple(metrics)


def _told(metric: Metric, target: str, recipe: Recipe) -> Metric:
    """Return `metric` with the language that it is of, if there are several."""
    several = len(recipe.data.target_languages) > 1
    return metric.model_copy(update={"target": target}) if several else metric


def first_items(
    artifact: Artifact, recipe: Recipe, data: Path, count: int
) -> dict[str, list[tuple[Item, str]]]:
    """Return the first `count` items of each set with the model's output, decoded with a beam."""
    found = {}
    with Decoder(artifact) as decoder:
        for about, items in _sets(recipe, data):
            first = items[:count]
            sources, target = _sources(first, about, recipe, data), recipe.data.language_of(about)
            outputs = decoder.decode_texts(sources, BEAM, target).texts
            found[about.name] = list(zip(first, outputs, strict=True))
    return found


def measure_lengths(artifact: Artifact, recipe: Recipe, data: Path) -> dict[str, list[Score]]:
    """Return the BLEU by length of each set of a recipe that translates, decoded with a beam."""
    found = {}
    with Decoder(artifact) as decoder:
        for about, items in _sets(recipe, data):
            sources, target = _sources(items, about, recipe, data), recipe.data.language_of(about)
            outputs = decoder.decode_texts(sources, BEAM, target).texts
            found[about.name] = score_by_length(items, outputs)
    return found


def on_split(recipe: Recipe, split: str) -> Recipe:
    """Return `recipe` with its evaluation sets on `split`; of those then alike the first is left.

    Two sets are alike that differ in their names only, as two test splits of one table do.
    """
    moved: dict[EvaluationSet, EvaluationSet] = {}
    for about in recipe.evaluate.sets:
        nameless = about.model_copy(update={"split": split, "name": ""})
        moved.setdefault(nameless, nameless.model_copy(update={"name": about.name}))
    evaluate = recipe.evaluate.model_copy(update={"sets": tuple(moved.values())})
    return recipe.model_copy(update={"evaluate": evaluate})


def _sets(recipe: Recipe, data: Path) -> Iterator[tuple[EvaluationSet, list[Item]]]:
    """Yield the sets of `recipe` with their items, its puzzle's first; say which is not there."""
    yield from held_out(recipe, data)
    trained = _trained_targets(recipe, data)
    for about in recipe.evaluate.sets:
        path = data / about.path
        items = read_items(data, about, trained) if path.exists() else []
        if items:
            yield about, items
        else:
            lack = f"has no split {about.split!r}" if path.exists() else "is missing"
            print(f"{path} {lack}: {about.name} has no figures", flush=True)


def _sources(
    items: Sequence[Item], about: EvaluationSet, recipe: Recipe, data: Path
) -> list[Source]:
    """Return the texts of `items`, or where their pictures lie."""
    if recipe.task != "caption":
        return [item.source for item in items]
    return [(data / about.path).parent / IMAGES / item.source for item in items]


def _trained_targets(recipe: Recipe, data: Path) -> frozenset[str]:
    """Return every target of the `train` splits, if a set asks for it: those left out, too."""
    if not any(about.seen for about in recipe.evaluate.sets):
        return frozenset()
    corpora = [corpus for corpus in recipe.data.corpora if corpus.train]
    return frozenset(
        pair.target for corpus in corpora for pair in read_pairs(data, corpus, "train")
    )


def _score(
    items: Sequence[Item],
    hypotheses: Sequence[str],
    about: EvaluationSet,
    decoding: str,
    recipe: Recipe,
) -> list[Metric]:
    wanted, language = recipe.evaluate.metrics, recipe.data.language_of(about)
    found = score_summaries(items, hypotheses, about, decoding, wanted, spaceless(language))
    references = [item.references for item in items]
    if "bleu" in wanted:
        found += score_translations(hypotheses, references, about, decoding)
    if "moses-bleu" in wanted:
        found += score_moses(hypotheses, references, language, about, decoding)
    if "exact" in wanted:
        found += score_exact(items, hypotheses, about, decoding)
    if "captions" in wanted:
        found += score_captions(hypotheses, references, about, decoding)
    return found


def _golden_inputs(recipe: Recipe) -> list[JsonValue]:
    """Return what the golden examples of `recipe` are made of: texts, or the names of drawings."""
    if recipe.task != "caption":
        return list(recipe.evaluate.golden)
    return [{"drawing": name} for name in recipe.evaluate.golden]


def golden_examples(artifact: Artifact, recipe: Recipe) -> tuple[Golden, ...]:
    """Return what the model makes of each input of `recipe`, greedily and with a beam.

    If it writes several languages, in each of them.
    """
    inputs, languages = _golden_inputs(recipe), recipe.data.target_languages
    targets = languages if len(languages) > 1 else ("",)
    with Decoder(artifact) as decoder:
        return tuple(
            Golden(input=one, options={"beam_size": beam}, output=output, target=target)
            for target in targets
            for beam in (1, BEAM)
            for one, output in zip(
                inputs, decoder.decode_texts(inputs, beam, target).texts, strict=True
            )
        )


def draw_golden(artifact: Artifact, recipe: Recipe, path: Path) -> bool:
    """Draw where a model looks at its golden examples; return whether it does.

    Of sentences `LOOKS` are enough. Articles are too long for it, of pictures it sees a grid, and
    a model that has hardly learnt may write nothing.
    """
    if recipe.task not in ("translate", "generate") or not artifact.manifest.attends:
        return False
    golden = recipe.evaluate.golden
    with Decoder(artifact) as decoder:
        found = decoder.alignments(golden if recipe.data.puzzle else golden[:LOOKS])
    written = [one for one in found if one.target_tokens]
    if written:
        draw_attention(written, path)
    return bool(written)
