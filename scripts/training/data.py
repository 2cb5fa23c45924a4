"""A recipe's data: pairs, tokenizer and batches, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer as Backend

from app.text.tokenizer import Tokenizer
from scripts.training.batches import COMMON, Batch, Shape, choose_shapes, few_shapes, make_batches
from scripts.training.config import Corpus, Recipe
from scripts.training.pairs import Pair, draw_pairs, keep_shortest, keep_summaries, read_pairs
from scripts.training.puzzles.pairs import puzzle_pairs
from scripts.training.tags import prefixes, tags
from scripts.training.tokenizer import train_vocabulary

Encoded = tuple[Sequence[int], Sequence[int]]


def split_pairs(recipe: Recipe, folder: Path, split: str) -> list[Pair]:
    """Return the pairs of `split` from the corpora that take part in it, or of the puzzle."""
    puzzle = recipe.data.puzzle
    pairs = puzzle_pairs(puzzle, recipe.data, folder, split) if puzzle else []
    for corpus in () if puzzle else recipe.data.corpora:
        if corpus.train if split == "train" else corpus.validate_on:
            found = read_pairs(folder, corpus, split)
            pairs += _to_train_on(found, corpus, recipe) if split == "train" else found
    if not pairs:
        raise ValueError(f"recipe {recipe.name} has no {split} pairs; check data.corpora")
    return pairs


def _to_train_on(found: list[Pair], corpus: Corpus, recipe: Recipe) -> list[Pair]:
    """Return of a corpus' training pairs those that the recipe wants, as often as it does."""
    if recipe.task == "summarize":
        found = keep_summaries(found, corpus, recipe.data.spaceless)
    if corpus.shortest:
        found = keep_shortest(found, corpus.shortest)
    return [*draw_pairs(found, corpus.take, recipe.fit.seed)] * corpus.repeat


def make_tokenizer(recipe: Recipe, pairs: Sequence[Pair]) -> Backend:
    """Train the joint vocabulary on both sides of `pairs`; language tags are its last ids."""
    texts = (text for pair in pairs for text in (pair.source, pair.target))
    return train_vocabulary(recipe.tokenizer, texts, tags(recipe.data))


@dataclass
class TrainingData:
    """Everything that `Fit` draws from."""

    recipe: Recipe
    backend: Backend
    train: Sequence[Pair]
    validation: Sequence[Pair]

    def __post_init__(self) -> None:
        """Encode once without dropout, to fix the shapes."""
        self._tokenizer = Tokenizer(self.backend)
        self._prefixes = prefixes(self.recipe.data, self._tokenizer)
        self._forced = max(map(len, self._prefixes.values()))
        self._plain = self._encode(self.train)
        self.shapes = self._choose_shapes(self._plain, COMMON)

    def _choose_shapes(self, encoded: Sequence[Encoded], min_share: float) -> frozenset[Shape]:
        """A translation is about as long as its source: rare shapes become squares there."""
        if self.recipe.data.puzzle or self.recipe.fit.few_shapes:
            return few_shapes(encoded)
        square = self.recipe.task == "translate"
        return choose_shapes(encoded, min_share, square=square)

    def _encode(self, pairs: Sequence[Pair]) -> list[Encoded]:
        sources = self._tokenizer.encode_batch([pair.source for pair in pairs])
        targets = self._tokenizer.encode_batch([pair.target for pair in pairs])
        data = self.recipe.data
        limits = data.max_source - 1, data.max_target - 1 - self._forced
        if data.truncate_source:
            sources = [source[: limits[0]] for source in sources]
        if data.truncate_target:
            targets = [target[: limits[1]] for target in targets]
        return [
            (source, [*self._prefixes[pair.language or data.target_language], *target])
            for pair, source, target in zip(pairs, sources, targets, strict=True)
            if len(source) <= limits[0] and len(target) <= limits[1]
        ]

    def _batches(
        self,
        encoded: Sequence[Encoded],
        shapes: frozenset[Shape],
        generator: np.random.Generator | None = None,
    ) -> Iterator[Batch]:
        tokens = self.recipe.fit.batch_tokens
        return make_batches(encoded, shapes, tokens, generator, self._forced)

    def epoch_batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of `epoch`: a function of the seed and the epoch alone."""
        generator = np.random.default_rng((self.recipe.fit.seed, epoch))
        encoded = self._plain
        if self.recipe.tokenizer.dropout > 0:
            self.backend.model.dropout = self.recipe.tokenizer.dropout
            encoded = self._encode(self.train)
            self.backend.model.dropout = None
        yield from self._batches(encoded, self.shapes, generator)

    def validation_batches(self) -> list[Batch]:
        """Return the validation pairs, in length order."""
        encoded = self._encode(self.validation)
        shapes = self.shapes | self._choose_shapes(encoded, 1.0)
        return list(self._batches(encoded, shapes))

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch without BPE-dropout has."""
        return sum(1 for _ in self._batches(self._plain, self.shapes))
