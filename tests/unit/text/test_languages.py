"""Languages are named in themselves."""

from __future__ import annotations

import pytest

from app.text.languages import autonym


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("en", "English"),
        ("fr", "français"),
        ("mr", "मराठी"),
        ("de", "Deutsch"),
        ("zh", "中文"),
        ("pt-BR", "português (Brasil)"),
        ("xx", "xx"),
        ("not a code", "not a code"),
    ],
)
def test_a_language_is_named_in_itself(code: str, name: str) -> None:
    assert autonym(code) == name
