"""The pairs of a puzzle: the same for the same recipe, and no key in two splits."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from scripts.training.config import Corpus, Data
from scripts.training.pairs import Pair, read_pairs
from scripts.training.puzzles.config import PuzzleSection
from scripts.training.puzzles.example import Example
from scripts.training.puzzles.rules import DRAWN, OF_WORDS

_WORD = re.compile(r"\w+(?:['-]\w+)*")
_PLAIN = re.compile(r"[a-z]+")


def puzzle_pairs(section: PuzzleSection, data: Data, folder: Path, split: str) -> list[Pair]:
    """Return the pairs of `split`: `train`, `val` or `test`; raises as `examples` does."""
    return [Pair(one.source, one.target) for one in examples(section, data, folder, split)]


def examples(section: PuzzleSection, data: Data, folder: Path, split: str) -> list[Example]:
    """Return the examples of `split`, each source once.

    Raises:
        FileNotFoundError: the words are to come from a table that is not in `folder`.
    """
    words = vocabulary(folder, data.corpora) if section.of_words else ()
    each = {one.source: one for one in _made(section, words)}
    return [one for one in each.values() if split_of(one.key, section) == split]


def split_of(key: str, section: PuzzleSection) -> str:
    """Return the split of a key: a function of the key and the seed alone."""
    digest = hashlib.sha256(f"{section.seed} {key}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < section.held_out:
        return "test"
    return "val" if place < section.held_out + section.validated else "train"


def vocabulary(folder: Path, corpora: Sequence[Corpus]) -> list[str]:
    """Return the words of the corpora's training sources, lower-cased, each once, sorted.

    Words that hold anything but a to z are left out: `don't`, `e-mail`, `café`, `b2`.
    """
    found = {
        word
        for corpus in corpora
        for pair in read_pairs(folder, corpus, "train")
        for word in _WORD.findall(pair.source.lower())
    }
    return sorted(word for word in found if _PLAIN.fullmatch(word))


def _made(section: PuzzleSection, words: Sequence[str]) -> Iterator[Example]:
    if section.of_words:
        for word in words:
            yield Example(word, OF_WORDS[section.rule](word), word)
        return
    random = Random(section.seed)  # noqa: S311 - no secret
    for _ in range(section.examples):
        yield DRAWN[section.rule](random, random.randint(section.shortest, section.longest))
