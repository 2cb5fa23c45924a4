"""What `Fit` draws from: windows of running text, or texts with their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer as Backend

from app.text.tokenizer import EOS, Tokenizer
from scripts.training.batches import Batch, Shape, pad, plan_batches, rows_for
from scripts.training.labels.config import LabelRecipe
from scripts.training.labels.corpus import Example, read_examples, read_texts, split_texts
from scripts.training.labels.sampling import draw_words

SHARES = (0.25, 0.5, 0.7, 1.0)  # of the texts, which the widths of batches hold
STEP = 8  # widths are multiples of it
Ids = NDArray[np.int32]


class RunningText:
    """Texts one after the other, cut into windows: the same for the same seed."""

    def __init__(self, recipe: LabelRecipe, backend: Backend, folder: Path) -> None:
        """Read and encode the texts of `recipe`."""
        self._recipe = recipe
        tokenizer = Tokenizer(backend)
        self._vocabulary = tokenizer.vocabulary_size
        learnt, shown = split_texts(read_texts(recipe, folder))
        self.train = _in_a_row(learnt, tokenizer)
        self._shown = _in_a_row(shown, tokenizer)[: recipe.pretrain.validation_words]
        window = recipe.pretrain.window
        self.shapes = frozenset({(window, window)})
        self._rows = rows_for((window, window), recipe.fit.batch_tokens)

    @property
    def _length(self) -> int:
        """How many words of running text a row of a batch is made of."""
        about = self._recipe.pretrain
        return about.window // 2 if about.objective == "sa" else about.window

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has; the words left over begin or end it."""
        return max(1, (len(self.train) // self._length - 1) // self._rows)

    def epoch_batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of `epoch`: each cuts the text elsewhere."""
        generator = np.random.default_rng((self._recipe.fit.seed, epoch))
        length = self._length
        begin = int(generator.integers(length))
        count = (len(self.train) - begin - 1) // length
        order = generator.permutation(count)
        for at in range(self.steps_per_epoch):
            places = order[at * self._rows : (at + 1) * self._rows]
            yield self._batch(self.train, begin + places * length, generator)

    def validation_batches(self) -> list[Batch]:
        """Return the words that show how far pre-training is."""
        generator = np.random.default_rng(self._recipe.fit.seed)
        starts = np.arange(0, len(self._shown) - self._length, self._length)
        chunks = [starts[at : at + self._rows] for at in range(0, len(starts), self._rows)]
        return [self._batch(self._shown, chunk, generator) for chunk in chunks]

    def _batch(self, text: Ids, starts: NDArray[np.int64], generator: np.random.Generator) -> Batch:
        """Make a batch of the windows at `starts`, filled up to its rows, and the words drawn.

        Of 5 6 7 8 …, `lm` with a window of 4 reads 5 6 7 8 and says 6 7 8 9; `sa` reads 5 6, the
        end token and 5, and says nothing, nothing, 5 and 6.
        """
        length, shape = self._length, (self._rows, self._recipe.pretrain.window)
        inputs, labels = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
        rows = text[starts[:, None] + np.arange(length + 1)]
        filled = slice(0, len(starts))
        if self._recipe.pretrain.objective == "sa":
            said = rows[:, :-1]
            inputs[filled, :length], inputs[filled, length] = said, EOS
            inputs[filled, length + 1 :] = said[:, :-1]
            labels[filled, length:] = said
        else:
            inputs[filled], labels[filled] = rows[:, :-1], rows[:, 1:]
        drawn = draw_words(generator, self._recipe.pretrain.drawn, self._vocabulary)
        return Batch(inputs, drawn, labels)


def _in_a_row(texts: Sequence[str], tokenizer: Tokenizer) -> Ids:
    """Return the ids of all texts, each with its end token: int32 [words]."""
    encoded = (chain(ids, (EOS,)) for ids in tokenizer.encode_batch(texts))
    return np.fromiter(chain.from_iterable(encoded), np.int32)


class LabelledTexts:
    """The texts of a recipe with their labels, in batches of a few widths."""

    def __init__(self, recipe: LabelRecipe, backend: Backend, folder: Path) -> None:
        """Read and encode the texts to learn from and those that choose the weights."""
        self._recipe, self._tokenizer, self._folder = recipe, Tokenizer(backend), folder
        self.train = read_examples(recipe, folder, "train")
        self._train = self._encode(self.train)
        self._widths = choose_widths([len(ids) for ids, _ in self._train])

    @property
    def shapes(self) -> frozenset[Shape]:
        """The (source, target) widths of batches; a label is one."""
        return frozenset((width, 1) for width in self._widths)

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has."""
        return sum(1 for _ in self._batches(self._train, None))

    def epoch_batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of `epoch`: a function of the seed and the epoch alone."""
        yield from self._batches(self._train, np.random.default_rng((self._recipe.fit.seed, epoch)))

    def validation_batches(self) -> list[Batch]:
        """Return the part of the training texts that chooses the weights."""
        return self.batches("val")

    def batches(self, split: str) -> list[Batch]:
        """Return all texts of `train`, `val` or `test`."""
        examples = read_examples(self._recipe, self._folder, split)
        return list(self._batches(self._encode(examples), None))

    def _encode(self, examples: Sequence[Example]) -> list[tuple[list[int], int]]:
        """Return the last ids of each text, its end token among them, and its label from 1 on."""
        room = self._recipe.data.last_tokens - 1
        encoded = self._tokenizer.encode_batch([one.text for one in examples])
        pairs = zip(encoded, examples, strict=True)
        return [([*ids[-room:], EOS], one.label + 1) for ids, one in pairs]

    def _batches(
        self, encoded: Sequence[tuple[list[int], int]], generator: np.random.Generator | None
    ) -> Iterator[Batch]:
        recipe, tokens = self._recipe, self._recipe.fit.batch_tokens
        joint = recipe.pretrain.drawn if recipe.classify.joint and generator else 0
        fitted = [(self._width(len(ids)), 1) for ids, _ in encoded]
        for shape, places in plan_batches(fitted, tokens, generator):
            count = rows_for(shape, tokens)
            source = pad([encoded[place][0] for place in places], count, shape[0])
            labels = pad([[encoded[place][1] for place in places]], 1, count)[0]
            drawn = np.zeros(0, np.int32)
            if joint and generator:
                drawn = draw_words(generator, joint, self._tokenizer.vocabulary_size)
            yield Batch(source, drawn, labels)

    def _width(self, length: int) -> int:
        fitting = [width for width in self._widths if width >= length]
        return min(fitting) if fitting else -(-length // STEP) * STEP


def choose_widths(lengths: Sequence[int]) -> tuple[int, ...]:
    """Return at most four widths, multiples of 8, that hold `SHARES` of the `lengths`.

    Of one text of each length from 1 to 100 they are 32, 56, 72 and 104.
    """
    ordered = sorted(lengths)
    places = [min(len(ordered) - 1, int(share * len(ordered))) for share in SHARES]
    return tuple(sorted({-(-ordered[place] // STEP) * STEP for place in places}))
