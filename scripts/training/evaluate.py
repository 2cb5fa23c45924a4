"""Measure an exported artifact with the engine that serves, and make its golden examples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.artifacts.manifest import Golden, Metric
from app.artifacts.store import Artifact
from app.text.normalizer import normalize
from scripts.training.config import Recipe
from scripts.training.decoding import Decoder
from scripts.training.pairs import Pair, read_table
from scripts.training.scores import group, score_translations

BEAM = 4


def measure(artifact: Artifact, recipe: Recipe, data: Path) -> tuple[Metric, ...]:
    """Decode every evaluation set of `recipe` that is there, greedily and with a beam."""
    metrics: list[Metric] = []
    with Decoder(artifact) as decoder:
        for about in recipe.evaluate.sets:
            if not (data / about.path).exists():
                print(f"{data / about.path} is missing: {about.name} has no figures", flush=True)
                continue
            pairs = [
                Pair(normalize(row[about.source]), normalize(row[about.target]))
                for row in read_table(data / about.path)
                if row.get("split", about.split) == about.split
            ]
            items = group(pairs) if about.grouped else [(p.source, [p.target]) for p in pairs]
            for beam, decoding in ((1, "greedy"), (BEAM, f"beam {BEAM}")):
                hypotheses = decoder.translate([source for source, _ in items], beam).texts
                metrics += score_translations(
                    hypotheses, [references for _, references in items], about, decoding
                )
    return tuple(metrics)


def golden_examples(artifact: Artifact, texts: Sequence[str]) -> tuple[Golden, ...]:
    """Return each text with what the model makes of it, greedily and with a beam."""
    found: list[Golden] = []
    with Decoder(artifact) as decoder:
        for beam in (1, BEAM):
            outputs = decoder.translate(texts, beam).texts
            found += [
                Golden(input=text, options={"beam_size": beam}, output=output)
                for text, output in zip(texts, outputs, strict=True)
            ]
    return tuple(found)
