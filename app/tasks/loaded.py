"""A model that is ready to answer: its artifact, its running engine and its tokenizers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.artifacts.store import Artifact
from app.engine.request import SequenceRequest, SequenceResult
from app.errors import ArtifactError, DragomanError
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

    def updates(self) -> AsyncIterator[Mapping[int, Sequence[Any]]]:
        """Yield the tokens (or values) that are sure so far, by item; end with the results."""
        ...

    def cancel(self, error: DragomanError | None = None) -> None:
        """Free the rows at the engine's next turn; harmless when all is done.

        Who still waits gets `error`, or `Cancelled`.
        """
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

    The tokenizers are None where its source, or its target, is no text. `max_rows` is how many rows
    its engine decodes at once, `max_waiting` how many more may wait.
    """

    artifact: Artifact
    engine: Engine
    source_tokenizer: Tokenizer | None
    target_tokenizer: Tokenizer | None
    max_rows: int
    max_waiting: int

    @property
    def source(self) -> Tokenizer:
        """The tokenizer of what it reads; only for models of texts."""
        assert self.source_tokenizer is not None, "it reads no text: this is a bug"
        return self.source_tokenizer

    @property
    def target(self) -> Tokenizer:
        """The tokenizer of what it writes; only for models that write text."""
        assert self.target_tokenizer is not None, "it writes no text: this is a bug"
        return self.target_tokenizer


def load_tokenizers(artifact: Artifact) -> tuple[Tokenizer | None, Tokenizer | None]:
    """Return the source and the target tokenizer, None where it is no text; a shared one once.

    Raises:
        ArtifactError: a model of texts has none, or a file is no tokenizer.
    """
    manifest = artifact.manifest
    text = manifest.text
    if text is None:
        if "text" in (manifest.source_kind, manifest.target_kind):
            raise ArtifactError(f"{artifact.name} has no tokenizers: its manifest lacks `text`")
        return None, None
    try:
        names = dict.fromkeys(filter(None, (text.source_file, text.target_file)))
        loaded = {name: Tokenizer.load(artifact.folder / name) for name in names}
        return loaded.get(text.source_file), loaded.get(text.target_file)
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{artifact.name}: {error}; export the model again") from error
