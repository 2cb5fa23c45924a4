"""Batches of a fixed token count, drawn from a small set of shapes.

Every compiler behind Keras recompiles for each new shape, so that pairs are padded up to one of a
few widths. A pair of 7 source and 9 target tokens goes into the (8, 10) bucket; with 2,048 tokens
a batch, that bucket's batches hold 200 rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.text.tokenizer import BOS, EOS, PAD

WIDTHS = (6, 8, 10, 12, 14, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256, 320)
COMMON = 0.04  # the share of all pairs from which on a shape is worth compiling
HELD = (0.6, 0.97, 1.0)  # the shares of the pairs that the shapes of a small model hold
Ids = Sequence[int]
Shape = tuple[int, int]


@dataclass(frozen=True)
class Batch:
    """One training batch; ids are int32, 0 pads on the right.

    Of series, `source` and `labels` are numbers [batch, steps, features], `inputs` the source's
    mask.
    `source` [batch, source], `inputs` and `labels` [batch, target]: labels are inputs shifted left,
    but 0, which no loss counts, where the input that follows is a forced one.
    Of pictures, `source` holds features [batch, height, width, channels], `inputs` and `labels` are
    [batch, captions, target], and `places` [batch] says which pictures (-1 for none). `weights`, of
    the shape of labels without their last axis, weigh the rows of the loss.
    """

    source: NDArray[Any]
    inputs: NDArray[Any]
    labels: NDArray[Any]
    weights: NDArray[np.float32] | None = None
    places: NDArray[np.int64] | None = None

    @property
    def tokens(self) -> int:
        """How many labels count."""
        return int(np.count_nonzero(self.labels))


def natural_width(length: int) -> int:
    """Return the smallest of `WIDTHS` that holds `length` tokens.

    Raises:
        ValueError: none does.
    """
    for width in WIDTHS:
        if length <= width:
            return width
    raise ValueError(f"a sentence of {length} tokens is longer than {WIDTHS[-1]}")


def _natural_shape(source: Ids, target: Ids) -> Shape:
    return natural_width(len(source) + 1), natural_width(len(target) + 1)


def choose_shapes(
    pairs: Sequence[tuple[Ids, Ids]], min_share: float = COMMON, *, square: bool = True
) -> frozenset[Shape]:
    """Return the (source, target) widths to use: common ones, and some that fit all others.

    Those are the squares, or, unless `square`, for each source width the widest target beside it:
    an article of 120 tokens with a headline of 19 goes into (128, 20), not into (128, 128).
    """
    counts = Counter(_natural_shape(*pair) for pair in pairs)
    common = {shape for shape, count in counts.items() if count >= min_share * len(pairs)}
    if square:
        return frozenset(common | {(max(shape), max(shape)) for shape in counts})
    widest: dict[int, int] = {}
    for source, target in counts:
        widest[source] = max(target, widest.get(source, 0))
    return frozenset(common | set(widest.items()))


def few_shapes(pairs: Sequence[tuple[Ids, Ids]]) -> frozenset[Shape]:
    """Return at most three (source, target) widths, those that hold `HELD` of all pairs' sides.

    For small models, which take longer to compile than padding costs them: of rows of 1 to 20
    tokens there are (14, 14), (24, 24) and no other.
    """
    natural = [_natural_shape(*pair) for pair in pairs]
    sides = [sorted(side) for side in zip(*natural, strict=True)]
    places = [min(len(pairs) - 1, int(share * len(pairs))) for share in HELD]
    return frozenset((sides[0][place], sides[1][place]) for place in places)


def _fit_shape(pair: tuple[Ids, Ids], shapes: frozenset[Shape]) -> Shape:
    shape = _natural_shape(*pair)
    square = (max(shape), max(shape))
    if shape in shapes or square in shapes:
        return shape if shape in shapes else square
    fitting = [one for one in shapes if one[0] >= shape[0] and one[1] >= shape[1]]
    return min(fitting, key=lambda one: (one[0] * one[1], one), default=square)


def pad(rows: Sequence[Ids], count: int, width: int) -> NDArray[np.int32]:
    """Return `rows` as one array [count, width]; missing rows and places are 0."""
    array = np.full((count, width), PAD, np.int32)
    for index, row in enumerate(rows):
        array[index, : len(row)] = row
    return array


def _assemble(pairs: Sequence[tuple[Ids, Ids]], count: int, shape: Shape, forced: int = 0) -> Batch:
    """Make a batch; with one `forced` token, targets 9 7 become inputs 1 9 7 and labels 0 7 2."""
    source = pad([[*s, EOS] for s, _ in pairs], count, shape[0])
    inputs = pad([[BOS, *t] for _, t in pairs], count, shape[1])
    labels = pad([[*[PAD] * forced, *t[forced:], EOS] for _, t in pairs], count, shape[1])
    return Batch(source, inputs, labels)


def rows_for(shape: Shape, batch_tokens: int) -> int:
    """How many rows of `shape` make a batch of about `batch_tokens` on its longer side."""
    return max(8, batch_tokens // max(shape) // 8 * 8)


def make_batches(
    pairs: Sequence[tuple[Ids, Ids]],
    shapes: frozenset[Shape],
    batch_tokens: int,
    generator: np.random.Generator | None,
    forced: int = 0,
) -> Iterator[Batch]:
    """Yield every pair once, in a random order of batches (in length order without a generator).

    The last batch of a bucket is filled up with empty rows, which no loss counts. The first
    `forced` ids of each target are fed and not learnt: serving forces them, too.
    """
    fitted = [_fit_shape(pair, shapes) for pair in pairs]
    for shape, places in plan_batches(fitted, batch_tokens, generator):
        rows = rows_for(shape, batch_tokens)
        yield _assemble([pairs[i] for i in places], rows, shape, forced)


def plan_batches(
    fitted: Sequence[Shape], batch_tokens: int, generator: np.random.Generator | None
) -> Iterator[tuple[Shape, list[int]]]:
    """Yield (shape, places) of batches that hold every place of `fitted`, its items' shapes, once.

    A batch has at most `rows_for` its shape. They come in a random order; without a generator, as
    they fill up.
    """
    order = np.arange(len(fitted)) if generator is None else generator.permutation(len(fitted))
    buckets: dict[Shape, list[int]] = {}
    plan: list[tuple[Shape, list[int]]] = []
    for index in order:
        shape = fitted[index]
        bucket = buckets.setdefault(shape, [])
        bucket.append(int(index))
        if len(bucket) == rows_for(shape, batch_tokens):
            plan.append((shape, bucket))
            buckets[shape] = []
    plan += [(shape, bucket) for shape, bucket in sorted(buckets.items()) if bucket]
    ranks = range(len(plan)) if generator is None else generator.permutation(len(plan))
    for rank in ranks:
        yield plan[rank]
