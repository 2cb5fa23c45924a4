from __future__ import annotations

import pytest

from app.errors import ArtifactError, InvalidRequest, UnknownLanguagePair, UnknownModel
from app.tasks.catalogue import Catalogue
from tests.fakes.models import model


def catalogue() -> Catalogue:
    return Catalogue(
        [
            model("many", pairs=(("en", "fr"), ("de", "fr"), ("en", "pt-BR"))),
            model("again", pairs=(("en", "fr"),)),
            model("sums", pairs=(("en", "it"),), task="summarize"),
        ]
    )


@pytest.mark.parametrize(
    ("source", "target", "name", "found"),
    [
        ("en", "fr", None, "again"),
        ("en", "fr", "many", "many"),
        ("de", "fr", None, "many"),
        (None, "pt-br", None, "many"),
        ("EN", "PT-BR", None, "many"),
        (None, "fr", "again", "again"),
    ],
)
def test_the_first_model_by_name_that_fits_is_taken(
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
        catalogue().translator(None, "fr", "many")
    (field,) = raised.value.fields
    assert (field.pointer, field.message) == ("/source", "must be one of: de, en")


def test_an_unknown_model_names_those_that_there_are() -> None:
    with pytest.raises(UnknownModel, match="There is: again, many, sums"):
        catalogue().translator("en", "fr", "none")


def test_two_models_of_one_name_are_refused() -> None:
    with pytest.raises(ArtifactError, match="same name"):
        Catalogue([model("one"), model("one")])
