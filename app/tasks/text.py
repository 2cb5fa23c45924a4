"""Check and tokenize one source text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.artifacts.manifest import Manifest, TokenDecoding
from app.errors import FieldError, InvalidRequest, TooLong
from app.text.marks import MOST_MARKS, piles_up
from app.text.normalizer import normalize
from app.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Reading:
    """What a model reads of one text: `ids`, its end token included where it wants one.

    They spell the first `characters` of the `of_characters` of the normalised text, in `tokens` of
    its `of_tokens` tokens; the end token counts in neither.
    """

    ids: list[int]
    tokens: int
    of_tokens: int
    characters: int
    of_characters: int


_SURROGATE = re.compile("[\ud800-\udfff]")


def check_text(text: str, pointer: str) -> str:
    """Return `text`, normalised; the message of an error never repeats the text.

    Args:
        text: what the client sent.
        pointer: where in the request it stands, `/text/3` say.

    Raises:
        InvalidRequest: nothing is left to read, a character cannot be text, or too many marks are
            piled on one letter.
    """
    if "\x00" in text:
        raise _invalid(pointer, "must not hold a NUL character")
    if _SURROGATE.search(text):
        raise _invalid(pointer, "must not hold half of a surrogate pair")
    if piles_up(text):
        raise _invalid(
            pointer, f"must not pile more than {MOST_MARKS} marks on one letter: leave some out"
        )
    normalized = normalize(text)
    if not normalized:
        raise _invalid(pointer, "must not be empty")
    return normalized


def read_whole(
    texts: Sequence[str], pointers: Sequence[str], tokenizer: Tokenizer, manifest: Manifest
) -> list[Reading]:
    """Return the ids of each checked text, with `eos` where the model wants it.

    Raises:
        TooLong: a text has more ids than `manifest.limits.max_source`; nothing is ever cut.
    """
    limit = manifest.limits.max_source
    ending = _ending(manifest)
    readings = []
    encoded = tokenizer.encode_batch(texts)
    for text, ids, pointer in zip(texts, encoded, pointers, strict=True):
        count = len(ids) + len(ending)
        if count > limit:
            message = f"is {count} tokens long; the limit of {manifest.name} is {limit}"
            raise TooLong("The text is too long: split it.", FieldError(pointer, message))
        readings.append(Reading(ids + ending, len(ids), len(ids), len(text), len(text)))
    return readings


def read_beginnings(
    texts: Sequence[str], tokenizer: Tokenizer, manifest: Manifest
) -> list[Reading]:
    """Return of each checked text as many ids as the model reads, and say how much that is."""
    ending = _ending(manifest)
    room = manifest.limits.max_source - len(ending)
    beginnings = tokenizer.encode_beginnings(texts, room)
    return [
        Reading(
            found.ids + ending,
            len(found.ids),
            found.of_tokens,
            # What follows the last token may have none, a space at the end say: it is read too.
            found.characters if len(found.ids) < found.of_tokens else len(text),
            len(text),
        )
        for text, found in zip(texts, beginnings, strict=True)
    ]


def _ending(manifest: Manifest) -> list[int]:
    if not appends_eos(manifest):
        return []
    assert isinstance(manifest.decoding, TokenDecoding), "checked on load: this is a bug"
    return [manifest.decoding.eos]


def appends_eos(manifest: Manifest) -> bool:
    """Return whether the model's sources end with `eos`."""
    return manifest.text is not None and manifest.text.append_eos


def _invalid(pointer: str, message: str) -> InvalidRequest:
    return InvalidRequest("The text cannot be read.", FieldError(pointer, message))
