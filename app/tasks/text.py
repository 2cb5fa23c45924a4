"""Check and tokenize one source text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.artifacts.manifest import Manifest, TokenDecoding
from app.errors import FieldError, InvalidRequest, TooLong
from app.text.normalizer import normalize
from app.text.tokenizer import Tokenizer

_SURROGATE = re.compile("[\ud800-\udfff]")


def check_text(text: str, pointer: str) -> str:
    """Return `text`, normalised; the message of an error never repeats the text.

    Args:
        text: what the client sent.
        pointer: where in the request it stands, `/text/3` say.

    Raises:
        InvalidRequest: nothing is left to read, or a character cannot be text.
    """
    if "\x00" in text:
        raise _invalid(pointer, "must not hold a NUL character")
    if _SURROGATE.search(text):
        raise _invalid(pointer, "must not hold half of a surrogate pair")
    normalized = normalize(text)
    if not normalized:
        raise _invalid(pointer, "must not be empty")
    return normalized


def encode_texts(
    texts: Sequence[str], pointers: Sequence[str], tokenizer: Tokenizer, manifest: Manifest
) -> list[list[int]]:
    """Return the ids of each checked text, with `eos` where the model wants it.

    The tokenizer lets other threads run meanwhile, as it does for batches only.

    Raises:
        TooLong: a text has more ids than `manifest.limits.max_source`; nothing is ever cut.
    """
    limit = manifest.limits.max_source
    ending: list[int] = []
    if appends_eos(manifest):
        assert isinstance(manifest.decoding, TokenDecoding), "checked on load: this is a bug"
        ending = [manifest.decoding.eos]
    encoded = []
    for ids, pointer in zip(tokenizer.encode_batch(texts), pointers, strict=True):
        count = len(ids) + len(ending)
        if count > limit:
            message = f"is {count} tokens long; the limit of {manifest.name} is {limit}"
            raise TooLong("The text is too long: split it.", FieldError(pointer, message))
        encoded.append(ids + ending)
    return encoded


def appends_eos(manifest: Manifest) -> bool:
    """Return whether the model's sources end with `eos`."""
    return manifest.text is not None and manifest.text.append_eos


def _invalid(pointer: str, message: str) -> InvalidRequest:
    return InvalidRequest("The text cannot be read.", FieldError(pointer, message))
