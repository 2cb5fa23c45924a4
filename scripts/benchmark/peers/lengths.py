"""Sources and expected output lengths, for a peer whose random weights know neither."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from app.artifacts.store import open_artifact
from app.text.normalizer import normalize
from app.text.tokenizer import Tokenizer


def mean_length(lengths: Sequence[int]) -> int:
    """Return the steps of a batch: its mean output length, and one for the end token.

    >>> mean_length([4, 5, 9])
    7
    """
    return round(sum(lengths) / len(lengths)) + 1


class ExpectedLengths:
    """How long each sentence is, and how long the artifact's own translation of it."""

    def __init__(self, artifact: Path, lengths: Path) -> None:
        """Read the artifact's tokenizer, and target tokens by sentence from JSON."""
        opened = open_artifact(artifact)
        assert opened.manifest.text is not None, "the benchmark runs text models: this is a bug"
        self.tokenizer = Tokenizer.load(opened.folder / opened.manifest.text.source_file)
        self.known: dict[str, int] = json.loads(lengths.read_text(encoding="utf-8"))

    def source(self, text: str) -> list[int]:
        """Return the source ids of `text`."""
        return self.tokenizer.encode(normalize(text))

    def target(self, text: str, source_tokens: int) -> int:
        """Return how many tokens the translation has; as many as the source if unknown."""
        return self.known.get(text, source_tokens)
