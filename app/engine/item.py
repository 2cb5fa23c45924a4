"""One sequence on its way through the engine: its request, its place, how it goes on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from app.engine.request import SequenceRequest, SequenceResult
from app.errors import EngineFailure
from app.search.step import Decoding

if TYPE_CHECKING:
    from app.engine.submission import Submission

IMAGE_LENGTH = 64  # what an image weighs beside text when encoding is rationed, in tokens


def source_length(request: SequenceRequest) -> int:
    """Return how many tokens or steps the source has (`IMAGE_LENGTH` for an image)."""
    for name in ("tokens", "values"):
        if name in request.source:
            return int(request.source[name].shape[0])
    return IMAGE_LENGTH


class Item(ABC):
    """One `SequenceRequest` of a submission; `width` rows are its own from start to end."""

    search: Decoding

    def __init__(
        self,
        request: SequenceRequest,
        search: Decoding,
        owner: Submission,
        index: int,
        arrived: float,
        bulk: bool,
    ) -> None:
        """Make the item `index` of `owner`, which arrived at the monotonic time `arrived`.

        One of `bulk` lets others go first.
        """
        self.request = request
        self.search = search
        self.owner = owner
        self.index = index
        self.arrived = arrived
        self.bulk = bulk
        self._told = 0
        self.length = source_length(request)
        self.width = search.width
        self.memory_length = 0  # places of the memory that its source fills
        self.error: EngineFailure | None = None

    def tell(self) -> None:
        """Tell the owner of the tokens or values that are sure, if there are new ones."""
        stable = self.search.stable()
        if len(stable) > self._told:
            self._told = len(stable)
            self.owner.progress(self.index, stable)

    @abstractmethod
    def result(self) -> SequenceResult:
        """Return the answer; the search must be done."""
