from __future__ import annotations

import pytest

from app.errors import ArtifactError, InvalidRequest, UnknownLanguagePair, UnknownModel
from app.tasks.catalogue import Catalogue
from tests.fakes.models import model


def catalogue() -> Catalogue:
    return Catalogue(
        [
            model("a-shared", pairs=(("en", "fr"), ("de", "fr"), ("en", "pt-BR"))),
            model("one", pairs=(("en", "fr"),)),
            model("one-more", pairs=(("en", "fr"),)),
            model("sums", pairs=(("en", "it"),), task="summarize"),
        ]
    )


@pytest.mark.parametrize(
    ("source", "target", "name", "found"),
    [
        ("en", "fr", None, "one"),  # it does nothing else
        ("en", "fr", "a-shared", "a-shared"),
        ("de", "fr", None, "a-shared"),
        (None, "pt-br", None, "a-shared"),
        ("EN", "PT-BR", None, "a-shared"),
        (None, "fr", "one-more", "one-more"),
    ],
)
def test_a_model_that_fits_is_taken_by_name_or_the_one_of_fewest_pairs(
    source: str | None, target: str, name: str | None, found: str
) -> None:
    assert catalogue().translator(source, target, name).artifact.name == found


@pytest.mark.parametrize(
    ("source", "target", "pointer"),
    [("en", "xx", "/target"), ("xx", "fr", "/source"), ("en", "it", "/target")],
)
def test_an_unknown_pair_names_those_that_there_are(source: str, target: str, pointer: str) -> None:
    with pytest.raises(UnknownLanguagePair) as raised:
        catalogue().translator(source, target, None)
    (field,) = raised.value.fields
    assert (field.pointer, field.message) == (pointer, "pairs: de-fr, en-fr, en-pt-BR")


def test_a_source_that_could_be_two_languages_must_be_named() -> None:
    with pytest.raises(InvalidRequest) as raised:
        catalogue().translator(None, "fr", "a-shared")
    (field,) = raised.value.fields
    assert (field.pointer, field.message) == ("/source", "must be one of: de, en")


def test_an_unknown_model_names_those_that_there_are() -> None:
    with pytest.raises(UnknownModel, match="There is: a-shared, one, one-more, sums"):
        catalogue().translator("en", "fr", "none")


def test_a_model_that_does_not_translate_is_unknown_here() -> None:
    with pytest.raises(UnknownModel, match="There is: a-shared, one, one-more") as raised:
        catalogue().translator("en", "it", "sums")
    (field,) = raised.value.fields
    assert (field.pointer, field.message) == (
        "/model",
        "does not translate; there is: a-shared, one, one-more",
    )


def test_two_models_of_one_name_are_refused() -> None:
    with pytest.raises(ArtifactError, match="same name"):
        Catalogue([model("one"), model("one")])
