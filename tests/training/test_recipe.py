"""A recipe is checked when it is read: every unknown or impossible key is refused by name."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from scripts.training.config import decoded_as, load_recipe
from scripts.training.recipes import AnyRecipe, load_any

MINIMAL = """
name = "tiny"
task = "translate"
summary = "spells"
limits = "nothing but spelling"
[data]
source_language = "en"
target_language = "fr"
[[data.corpora]]
path = "pairs.tsv"
source = "en"
target = "fr"
licence = "CC0"
commercial_use = true
attribution = "us"
[evaluate]
golden = ["abc"]
"""
ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/training.md").read_text(encoding="utf-8")
RECIPES = sorted((ROOT / "scripts/recipes").glob("*.toml"))


def write(folder: Path, text: str) -> Path:
    """Write a recipe and return where it is."""
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_of_the_project_is_valid_and_named_after_its_file(path: Path) -> None:
    name, _, _stage = path.stem.partition(".")
    assert load_any(path).name == name


def fields_of(kind: Any) -> set[str]:
    """Return the name of every key of a recipe, in its sections, too."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        inner = [fields_of(field.annotation) for field in kind.model_fields.values()]
        return set(kind.model_fields).union(*inner)
    return set().union(*map(fields_of, get_args(kind)))


@pytest.mark.parametrize("kind", get_args(AnyRecipe))
def test_the_guide_names_every_key(kind: Any) -> None:
    assert {key for key in fields_of(kind) if not re.search(rf"\b{key}\b", GUIDE)} == set()


def test_there_are_recipes() -> None:
    assert "translate-en-fr" in {path.stem for path in RECIPES}


def test_a_minimal_recipe_has_defaults(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, MINIMAL))
    assert (recipe.version, recipe.encoder.kind, recipe.decoder.attention) == (
        1,
        "transformer",
        "general",
    )


def test_a_run_may_be_decoded_otherwise_but_stays_what_was_trained(tmp_path: Path) -> None:
    trained = load_recipe(write(tmp_path, MINIMAL))
    other = load_recipe(
        write(tmp_path, MINIMAL + "[generation]\nno_repeat_ngram_size = 2\n[fit]\nepochs = 99\n")
    )
    assert decoded_as(trained, other).generation.no_repeat_ngram_size == 2
    assert decoded_as(trained, other).fit == trained.fit != other.fit


@pytest.mark.parametrize(
    ("extra", "where"),
    [
        ('[encoder]\nkind = "convolution"', "encoder.kind"),
        ('[decoder]\nattention = "hard"', "decoder.attention"),
        ("[decoder]\nlayers = 0", "decoder.layers"),
        ("[fit]\nepoch = 3", "fit.epoch"),
        ("[fit]\nlearning_rate = 0", "fit.learning_rate"),
        ("[tokenizer]\nvocabulary = 3", "tokenizer.vocabulary"),
        ("[model]\ndropout = 1.0", "model.dropout"),
        ("[colour]", "colour"),
    ],
)
def test_a_bad_key_is_refused_by_name(tmp_path: Path, extra: str, where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        load_recipe(write(tmp_path, f"{MINIMAL}\n{extra}\n"))
    places = [".".join(str(part) for part in error["loc"]) for error in caught.value.errors()]
    assert places == [where]


@pytest.mark.parametrize("kind", ["subword", "elided", "word", "char"])
def test_bpe_dropout_is_of_vocabularies_of_subwords(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, f'{MINIMAL}[tokenizer]\nkind = "{kind}"\ndropout = 0.1\n')
    if kind in ("subword", "elided"):
        assert load_recipe(path).tokenizer.dropout == 0.1
    else:
        with pytest.raises(ValueError, match="BPE-dropout"):
            load_recipe(path)


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        load_recipe(write(tmp_path, "name ="))


def test_a_recipe_says_only_how_it_differs_from_its_base(tmp_path: Path) -> None:
    base = write(tmp_path, f"{MINIMAL}[fit]\nepochs = 7\nseed = 3\n").rename(tmp_path / "tiny.toml")
    child = load_recipe(
        write(tmp_path, 'base = "tiny.toml"\n[fit]\nepochs = 1\n[evaluate]\ngolden = ["x", "y"]')
    )
    first = load_recipe(base)
    assert child == first.model_copy(
        update={
            "fit": first.fit.model_copy(update={"epochs": 1}),
            "evaluate": first.evaluate.model_copy(update={"golden": ("x", "y")}),
        }
    )
    assert (child.fit.seed, child.data) == (3, first.data)


def test_a_recipe_that_is_its_own_base_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('base = "recipe.toml"', encoding="utf-8")
    with pytest.raises(ValueError, match="its own base"):
        load_recipe(write(tmp_path, 'base = "other.toml"'))
