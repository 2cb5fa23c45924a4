"""A model that is ready to answer: its artifact, its running engine and its tokenizers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.artifacts.store import Artifact
from app.engine.request import SequenceRequest, SequenceResult
from app.errors import ArtifactError
from app.text.tokenizer import Tokenizer


class Submission(Protocol):
    """Items that the engine accepted."""

    @property
    def done(self) -> bool:
        """Whether there is nothing left to wait for."""
        ...

    async def results(self) -> Sequence[SequenceResult]:
        """Wait for the results, in the order of the items."""
        ...

    def updates(self) -> AsyncIterator[Mapping[int, Sequence[int]]]:
        """Yield the tokens that are sure so far, by item; end when the results are there."""
        ...

    def cancel(self) -> None:
        """Free the rows at the engine's next turn; harmless when all is done."""
        ...


class Engine(Protocol):
    """What a task needs of `app.engine.engine.Engine`."""

    @property
    def state(self) -> str:
        """`ready`, `draining` or `failed`."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it can still work; if not, the process must be restarted."""
        ...

    @property
    def rows_in_use(self) -> int:
        """Rows that are decoding now."""
        ...

    @property
    def waiting(self) -> int:
        """Rows that wait for a place."""
        ...

    def submit(
        self,
        items: Sequence[SequenceRequest],
        *,
        deadline: float | None,
        streams: bool = False,
        bulk: bool = False,
    ) -> Submission:
        """Take all the items or raise `Overloaded` or `Draining`; `deadline` is monotonic time."""
        ...

    def close(self) -> None:
        """Fail what is left with `Draining` and end the engine's thread."""
        ...


@dataclass(frozen=True)
class LoadedModel:
    """One served model.

    `source` is `target` where the source is no text. `max_rows` is how many rows its engine decodes
    at once, `max_waiting` how many more may wait.
    """

    artifact: Artifact
    engine: Engine
    source: Tokenizer
    target: Tokenizer
    max_rows: int
    max_waiting: int


def load_tokenizers(artifact: Artifact) -> tuple[Tokenizer, Tokenizer]:
    """Return the source and the target tokenizer; what is shared, or alone, is read once.

    Raises:
        ArtifactError: the model writes no text, or a file is no tokenizer.
    """
    text = artifact.manifest.text
    if text is None:
        raise ArtifactError(f"{artifact.name} has no tokenizers: its manifest lacks `text`")
    try:
        target = Tokenizer.load(artifact.folder / text.target_file)
        if text.source_file in ("", text.target_file):
            return target, target
        return Tokenizer.load(artifact.folder / text.source_file), target
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{artifact.name}: {error}; export the model again") from error
