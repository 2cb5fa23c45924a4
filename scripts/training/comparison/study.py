"""A comparison in progress: its table, its variants, and what is known of each."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from app.artifacts.store import Artifact, open_artifact
from scripts.training.apart import export_apart, processor_seconds, train_apart
from scripts.training.comparison.result import Result, keep, kept
from scripts.training.comparison.speed import decode_speeds
from scripts.training.comparison.subset import COMPARED, write_subset
from scripts.training.comparison.variants import write_variant
from scripts.training.config import load_recipe
from scripts.training.decoding import Decoder
from scripts.training.items import Item
from scripts.training.lengths import ALL, score_by_length
from scripts.training.pairs import read_pairs
from scripts.training.run import load_run


class Study:
    """The variants under one folder, all trained and measured on one table."""

    def __init__(self, out: Path, data: Path, base: Path) -> None:
        """Write the table of the recipe `base`, from which the variants differ."""
        self.out, self.base = out, base
        (corpus,) = load_recipe(base).data.corpora
        table = out / "data" / corpus.path
        write_subset(data, corpus, table)
        self.checksum = hashlib.sha256(table.read_bytes()).hexdigest()
        test = read_pairs(table.parent, corpus, "test")
        self.items = [Item(pair.source, (pair.target,)) for pair in test]

    def kept(self, name: str) -> Result | None:
        """Return what is known of a variant whose artifact is there, too."""
        if not self._place(name).exists():
            return None
        recipe = load_recipe(self._recipe(name))
        return kept(self._result(name), recipe, self.checksum)

    def make(self, name: str) -> Result | None:
        """Train, export and measure a variant from nothing; return None if that fails."""
        recipe, run = self._recipe(name), self.out / "runs" / name
        data, models = self.out / "data", self.out / "models"
        shutil.rmtree(run, ignore_errors=True)
        before = processor_seconds()
        if train_apart(recipe, data, models, run, "--no-export"):
            return None
        work = processor_seconds() - before
        if export_apart(run, data, models, "--replace"):
            return None
        artifact, trained = self._artifact(name), load_run(run)
        with Decoder(artifact) as decoder:
            outputs = decoder.decode_texts([item.source for item in self.items], 1).texts
        (overall,) = score_by_length(self.items, outputs, ALL)
        result = Result(
            recipe=trained.recipe,
            table=self.checksum,
            parameters=artifact.manifest.parameters,
            work=work,
            history=tuple(trained.history),
            overall=overall,
            scores=tuple(score_by_length(self.items, outputs, COMPARED)),
        )
        keep(self._result(name), result)
        return result

    def speeds(self, names: Iterable[str]) -> dict[str, float]:
        """Return the tokens that each variant writes in a processor second, beside the others."""
        artifacts = {name: self._artifact(name) for name in names}
        return decode_speeds(artifacts, [item.source for item in self.items])

    def _recipe(self, name: str) -> Path:
        return write_variant(name, self.out / "recipes", self.base)

    def _result(self, name: str) -> Path:
        return self.out / "results" / f"{name}.json"

    def _artifact(self, name: str) -> Artifact:
        return open_artifact(self._place(name))

    def _place(self, name: str) -> Path:
        return self.out / "models" / f"compare-{name}" / "1"
