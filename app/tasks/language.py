"""Which language each text is in: what the client says, or what its script tells."""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import FieldError, InvalidRequest, UnknownLanguage
from app.text.script import fitting


def languages_of(
    texts: Sequence[str], pointers: Sequence[str], named: str | None, offered: Sequence[str]
) -> list[str]:
    """Return the language of each text, one of `offered`, as a BCP 47 tag.

    Args:
        texts: checked texts.
        pointers: where each stands in the request.
        named: what the client says all of them are in; then nothing is detected.
        offered: the languages that the loaded models know, each once.

    Raises:
        UnknownLanguage: no model knows the language; the error says which ones there are.
        InvalidRequest: a text may be in several of them.
    """
    known = ", ".join(offered) or "none"
    if named is not None:
        for language in offered:
            if language.lower() == named.lower():
                return [language] * len(texts)
        raise _unknown(known, FieldError("/language", f"languages: {known}"))
    if not offered:
        raise _unknown(known)
    return [
        _detected(text, pointer, offered, known)
        for text, pointer in zip(texts, pointers, strict=True)
    ]


def _detected(text: str, pointer: str, offered: Sequence[str], known: str) -> str:
    found = fitting(text, offered)
    if not found:
        message = f"is in none of: {known}; name `language` if it is"
        raise _unknown(known, FieldError(pointer, message))
    if len(found) > 1:
        field = FieldError("/language", f"must be one of: {', '.join(found)}")
        raise InvalidRequest("Say which language the text is in.", field)
    return found[0]


def _unknown(known: str, *fields: FieldError) -> UnknownLanguage:
    return UnknownLanguage(f"No model summarizes in this language. There is: {known}.", *fields)
