"""Each task: where it is asked, what it may be asked, and how its answers are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dragoman_client import images, reading, results
from dragoman_client.arguments import (
    CaptionArguments,
    GenerateArguments,
    SummarizeArguments,
    TranslateArguments,
)
from dragoman_client.body import Body, form_body, json_body, split
from dragoman_client.wire import model_path

T = TypeVar("T")


@dataclass(frozen=True)
class Task(Generic[T]):
    """One task; `known` are its keyword arguments, `encode` makes a body of items and fields."""

    path: str
    known: frozenset[str]
    encode: Callable[[Any, Mapping[str, object]], Body]
    read: reading.Reader[T]
    one: Callable[[Any], bool]

    def body(self, items: Any, arguments: Mapping[str, object]) -> Body:
        """The body that asks for `items`; what is None is left to the service.

        Raises:
            TypeError: an argument is unknown, or an item is nothing that can be sent.
        """
        return self.encode(items, split(arguments, self.known))


def _is_text(items: Any) -> bool:
    return isinstance(items, str)


def _texts(items: Any, fields: Mapping[str, object]) -> Body:
    return json_body({"text": items if isinstance(items, str) else list(items), **fields})


def _images(items: Any, fields: Mapping[str, object]) -> Body:
    return form_body(images.contents(items), fields)


def _own(items: Mapping[str, object], fields: Mapping[str, object]) -> Body:
    sent = {name: value for name, value in items.items() if value is not None}
    if len(sent) != 1:
        raise TypeError("give either `text` or `values`")
    return json_body({**sent, **fields})


def generate(model: str) -> Task[results.Generation]:
    """The task of the model of that name; its items are `{"text": …}` or `{"values": …}`."""
    return Task(
        f"{model_path(model)}/generate",
        frozenset(GenerateArguments.__annotations__),
        _own,
        reading.generations,
        lambda _: True,  # all items of a request are in one generation
    )


TRANSLATE: Task[results.Translation] = Task(
    "/v1/translate",
    frozenset(TranslateArguments.__annotations__),
    _texts,
    reading.translations,
    _is_text,
)
SUMMARIZE: Task[results.Summary] = Task(
    "/v1/summarize",
    frozenset(SummarizeArguments.__annotations__),
    _texts,
    reading.summaries,
    _is_text,
)
CAPTION: Task[results.Caption] = Task(
    "/v1/caption",
    frozenset(CaptionArguments.__annotations__),
    _images,
    reading.captions,
    images.is_one,
)
