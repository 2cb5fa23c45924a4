"""Each task: where it is asked, what it may be asked, and how its answers are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dragoman_client import images, reading, results
from dragoman_client.arguments import CaptionArguments, SummarizeArguments, TranslateArguments
from dragoman_client.body import Body, form_body, json_body, split

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
