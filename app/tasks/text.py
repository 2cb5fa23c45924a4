"""Check and tokenize one source text."""

from __future__ import annotations

from app.artifacts.manifest import Manifest, TokenDecoding
from app.errors import FieldError, InvalidRequest, TooLong
from app.text.normalizer import normalize
from app.text.tokenizer import Tokenizer


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
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise _invalid(pointer, "must not hold half of a surrogate pair")
    normalized = normalize(text)
    if not normalized:
        raise _invalid(pointer, "must not be empty")
    return normalized


def encode_text(text: str, pointer: str, tokenizer: Tokenizer, manifest: Manifest) -> list[int]:
    """Return the ids of a checked text, with `eos` where the model wants it.

    Raises:
        TooLong: there are more ids than `manifest.limits.max_source`; nothing is ever cut.
    """
    ids = tokenizer.encode(text)
    if appends_eos(manifest):
        assert isinstance(manifest.decoding, TokenDecoding), "checked on load: this is a bug"
        ids.append(manifest.decoding.eos)
    limit = manifest.limits.max_source
    if len(ids) > limit:
        message = f"is {len(ids)} tokens long; the limit of {manifest.name} is {limit}"
        raise TooLong("The text is too long: split it.", FieldError(pointer, message))
    return ids


def appends_eos(manifest: Manifest) -> bool:
    """Return whether the model's sources end with `eos`."""
    return manifest.text is not None and manifest.text.append_eos


def _invalid(pointer: str, message: str) -> InvalidRequest:
    return InvalidRequest("The text cannot be read.", FieldError(pointer, message))
