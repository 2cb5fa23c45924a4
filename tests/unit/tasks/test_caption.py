"""Captions: a job picks its model, its images are decoded to that model's size."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from app.errors import FieldError, InvalidRequest, UnknownModel
from app.image.pool import ImageLimits, ImagePool
from app.tasks.answer import answer
from app.tasks.caption import Captioner, CaptionJob, prepare
from app.tasks.catalogue import Catalogue
from app.tasks.job import Prepared
from app.tasks.loaded import LoadedModel
from app.tasks.options import Options
from app.tasks.task import finish
from tests.fakes.images import cells, encode
from tests.fakes.models import captioner, model

PHOTO = encode(cells())
TRANSLATOR = model("a-translator")


def prepared(
    *images: bytes | str, models: tuple[LoadedModel, ...] = (captioner(),), **changes: Any
) -> Prepared:
    async def run() -> Prepared:
        pool = ImagePool(ImageLimits(max_pixels=1000, threads=1, capacity=4))
        try:
            task = Captioner(Catalogue([TRANSLATOR, *models]), 3, pool)
            return await task.prepare(CaptionJob(images, True, **changes))
        finally:
            pool.close()

    return asyncio.run(run())


def fault(*images: bytes | str, **changes: Any) -> list[FieldError]:
    with pytest.raises((InvalidRequest, UnknownModel)) as caught:
        prepared(*images, **changes)
    return list(caught.value.fields)


def test_images_become_pixels_of_the_models_size() -> None:
    found = prepared(PHOTO, PHOTO)
    assert found.model.artifact.name == "toy-colours"
    (first, _) = found.items
    assert (first.source["image"].shape, first.source["image"].dtype) == ((8, 8, 3), np.uint8)
    assert (found.sources, found.source_tokens) == ((None, None), 0)


def test_the_first_model_by_name_captions_unless_one_is_named() -> None:
    models = (captioner("b"), captioner("a"))
    assert prepared(PHOTO, models=models).model.artifact.name == "a"
    assert prepared(PHOTO, models=models, model="b").model.artifact.name == "b"
    assert fault(PHOTO, models=models, model="a-translator") == [
        FieldError("/model", "does not caption; there is: a, b")
    ]
    assert fault(PHOTO, models=()) == []


def test_samples_differ_from_item_to_item() -> None:
    found = prepared(PHOTO, PHOTO, options=Options(seed=5))
    plans = [item.options.sampling for item in found.items]
    assert found.seed == 5
    assert [plan.item for plan in plans if plan] == [0, 1]


def test_options_are_checked_before_an_image_is_decoded() -> None:
    fields = fault(b"no image", options=Options(max_tokens=99))
    assert fields == [FieldError("/options/max_tokens", "is 99; the limit of toy-colours is 16")]


def test_one_image_and_a_list_are_pointed_at_differently() -> None:
    assert CaptionJob((PHOTO,), False).pointer(0) == "/images"
    assert CaptionJob((PHOTO,), True).pointer(0) == "/images/0"
    assert [field.pointer for field in fault(PHOTO, b"no image")] == ["/images/1"]


async def test_pixels_may_come_from_elsewhere() -> None:
    job = CaptionJob((), True)
    found = prepare(job, [np.asarray(cells(width=8, height=8))], captioner())
    submission = found.model.engine.submit(found.items, deadline=None)
    told = await finish(found, submission)
    assert told == answer(found, await submission.results())
    assert [item.candidates[0].text for item in told.items] == ["white blue green red"]
    assert (told.source_tokens, told.target_tokens) == (0, 4)
