"""Caption: pick a model of images, decode the images to its size, and ask it what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from app.engine.request import SequenceRequest
from app.errors import UnknownModel
from app.image.decoding import decode
from app.image.encoded import from_base64
from app.image.pool import ImagePool
from app.tasks.catalogue import Catalogue
from app.tasks.job import Job, Prepared, check_count, resolve_options
from app.tasks.loaded import LoadedModel
from app.tasks.task import Task

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class CaptionJob(Job):
    """Images to caption, each the bytes of a file, or base64 of them.

    `listed` says whether they came as a list.
    """

    FIELD: ClassVar[str] = "images"
    NOUN: ClassVar[str] = "image"
    NOUNS: ClassVar[str] = "images"
    ATTENTION: ClassVar[str] = "return_attention"

    images: tuple[bytes | str, ...]
    listed: bool

    @property
    def count(self) -> int:
        """How many images there are."""
        return len(self.images)

    def pointer(self, place: int) -> str:
        """Return where the image at `place` stands in the request."""
        return f"/images/{place}" if self.listed else "/images"


class Captioner(Task[CaptionJob]):
    """Caption with the models of a catalogue."""

    def __init__(self, catalogue: Catalogue, max_items: int, pool: ImagePool) -> None:
        """Serve `catalogue`; a list may hold `max_items` images, which `pool` decodes."""
        super().__init__(catalogue, max_items)
        self._pool = pool

    async def prepare(self, job: CaptionJob) -> Prepared:
        """Check a job and decode its images; the first image that is wrong fails the whole list.

        Raises:
            InvalidRequest: a field is wrong, or an image cannot be read; the error points to it.
            UnknownModel: no model of that name, or none that captions.
            Overloaded: too many images wait to be decoded.
        """
        model = self._model(job.model)
        check_count(job, self._max_items)
        resolve_options(job, model)  # before any work is done
        height, width = model.artifact.manifest.image_size
        most = self._pool.limits.max_pixels
        reads = [
            partial(_read, image, height, width, most, job.pointer(place))
            for place, image in enumerate(job.images)
        ]
        return prepare(job, await self._pool.run(reads), model)

    def _model(self, name: str | None) -> LoadedModel:
        models = self._catalogue.doing("caption", name)
        if not models:
            raise UnknownModel("No model that captions is loaded.")
        return models[0]


def prepare(job: CaptionJob, images: Sequence[Pixels], model: LoadedModel) -> Prepared:
    """Return a job for the engine, whose images are uint8 [height, width, 3] as `model` takes them.

    Raises:
        InvalidRequest: an option does not fit the model or another option.
    """
    options = resolve_options(job, model)
    items = tuple(
        SequenceRequest({"image": image}, options.decode(place, None, ()))
        for place, image in enumerate(images)
    )
    return Prepared(job, model, items, (None,) * len(items), options.seed)


def _read(image: bytes | str, height: int, width: int, max_pixels: int, pointer: str) -> Pixels:
    data = from_base64(image, pointer) if isinstance(image, str) else image
    return decode(data, height, width, max_pixels, pointer)
