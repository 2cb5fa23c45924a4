"""What languages call themselves."""

from __future__ import annotations

from functools import cache

from babel import Locale, UnknownLocaleError


@cache
def autonym(code: str) -> str:
    """Return the name of the language `code` in that language, from Unicode's CLDR.

    A code that CLDR does not know is its own name.

    >>> autonym("fr"), autonym("mr"), autonym("zh")
    ('français', 'मराठी', '中文')
    """
    try:
        locale = Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return code
    return locale.get_display_name(locale) or code
