"""`POST /v1/caption`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, PlainValidator, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.api.schemas.base import Wire
from app.api.schemas.options import DecodingOptions
from app.api.schemas.output import BestOut, ModelRef, candidates_of
from app.api.schemas.request import TaskRequest
from app.tasks.answer import Answer
from app.tasks.caption import CaptionJob
from app.tasks.gaze import Gaze

ONE, MANY = "one image", "many images"
IMAGE_TAGS = (ONE, MANY)
"""Parts of an error's location that name a branch of a union, not a field."""


def _data(value: Any) -> str | bytes:
    """Let base64 through, and the bytes that a form brings."""
    if isinstance(value, str | bytes):
        return value
    raise PydanticCustomError("string_type", "must be a string")


def _kind(value: Any) -> str | None:
    if isinstance(value, str | bytes):
        return ONE
    return MANY if isinstance(value, list) else None


Image = Annotated[
    str | bytes,
    PlainValidator(_data),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
Images = Annotated[
    Annotated[Image, Tag(ONE)] | Annotated[list[Image], Field(fail_fast=True), Tag(MANY)],
    Discriminator(_kind),
]


class CaptionOptions(DecodingOptions):
    """How to decode; what is left out is the model's own default (see `/v1/models`)."""


class CaptionRequest(TaskRequest):
    """Images to caption."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"images": "iVBORw0KGgoAAAANSUhEUgAA…"},
                {
                    "images": ["/9j/4AAQSkZJRgABAQAAAQAB…", "R0lGODlhAQABAIAAAAAAAP…"],
                    "options": {"beam_size": 4, "n_best": 3},
                    "return_attention": True,
                },
            ]
        }
    )

    images: Images = Field(
        description="One image in base64 (JPEG, PNG, WebP or GIF), or a list that is decoded as "
        "one batch. A list is all or nothing. URLs are not fetched."
    )
    return_attention: bool = Field(
        False, description="Whether to say where in the image each word of a caption looked."
    )
    options: CaptionOptions | None = None

    def job(self) -> CaptionJob:
        """Return the request as the task takes it."""
        listed = isinstance(self.images, list)
        return CaptionJob(
            images=tuple(self.images) if isinstance(self.images, list) else (self.images,),
            listed=listed,
            model=self.model,
            options=(self.options or CaptionOptions()).decoding(),
            want_alignments=self.return_attention,
            bulk=self.bulk,
        )


class WordOut(Wire):
    """One word of a caption, and where it looked."""

    text: str
    weights: list[list[float]] = Field(
        description="`rows` lists of `columns` shares of the attention, which add up to 1."
    )


class AttentionOut(Wire):
    """Where the model looked: a grid of `rows` x `columns` equal cells over the whole image."""

    rows: int
    columns: int
    words: list[WordOut] = Field(description="The words of the caption, in order.")

    @classmethod
    def of(cls, gaze: Gaze | None) -> AttentionOut | None:
        """Return where a model looked as it goes over the wire."""
        if gaze is None:
            return None
        words = [
            WordOut(text=text, weights=[list(row) for row in grid])
            for text, grid in zip(gaze.words, gaze.weights, strict=True)
        ]
        return cls(rows=gaze.rows, columns=gaze.columns, words=words)


class CaptionOut(BestOut):
    """The best caption of one image."""

    attention: AttentionOut | None = None


class CaptionUsage(Wire):
    """What the request took; `target_tokens` counts every caption returned."""

    images: int
    target_tokens: int


class CaptionResponse(Wire):
    """Captions, in the order of the images."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": {"name": "caption-en", "version": 1},
                    "captions": [
                        {
                            "text": "a dog runs through the grass",
                            "score": -0.71,
                            "finish_reason": "stop",
                        }
                    ],
                    "usage": {"images": 1, "target_tokens": 6},
                }
            ]
        }
    )

    model: ModelRef
    captions: list[CaptionOut]
    usage: CaptionUsage
    seed: int | None = Field(None, description="What samples were drawn by.")

    @classmethod
    def of(cls, answer: Answer) -> CaptionResponse:
        """Return the task's answer as it goes over the wire."""
        return cls(
            model=ModelRef.of(answer),
            captions=[
                CaptionOut(**candidates_of(item), attention=AttentionOut.of(item.gaze))
                for item in answer.items
            ],
            usage=CaptionUsage(images=len(answer.items), target_tokens=answer.target_tokens),
            seed=answer.seed,
        )
