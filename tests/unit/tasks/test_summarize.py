"""Summaries: the language tells the model, long articles are read up to its limit, words count."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.artifacts.manifest import Limits, TextProcessing, TokenDecoding
from app.errors import FieldError, InvalidRequest, UnknownLanguage, UnknownModel
from app.search.rules import WordLimits
from app.tasks.catalogue import Catalogue
from app.tasks.job import Prepared
from app.tasks.length import Length, preset_words
from app.tasks.loaded import LoadedModel
from app.tasks.options import Options
from app.tasks.summarize import SummarizeJob, Summarizer
from app.tasks.text import Reading
from tests.fakes.models import manifest, model


def summarizer(name: str, *languages: str, **changes: Any) -> LoadedModel:
    return model(name, pairs=[(one, one) for one in languages], task="summarize", **changes)


ENGLISH, CHINESE = summarizer("short-en", "en"), summarizer("short-zh", "zh")
BOTH = summarizer("wide", "en", "zh")
TRANSLATOR = model("a-translator", pairs=[("en", "en")])


def prepared(
    *texts: str, models: tuple[LoadedModel, ...] = (ENGLISH, CHINESE), **changes: Any
) -> Prepared:
    task = Summarizer(Catalogue([TRANSLATOR, *models]), max_items=9)
    return asyncio.run(task.prepare(SummarizeJob(texts, True, **changes)))


def fault(*texts: str, **changes: Any) -> list[FieldError]:
    with pytest.raises((InvalidRequest, UnknownLanguage, UnknownModel)) as caught:
        prepared(*texts, **changes)
    return list(caught.value.fields)


def languages(found: Prepared) -> list[str]:
    return [source.pair.source for source in found.sources]


def test_the_script_tells_the_language_and_the_language_the_model() -> None:
    for text, language, name in (("one two", "en", "short-en"), ("今天", "zh", "short-zh")):
        found = prepared(text)
        assert (languages(found), found.model.artifact.name) == ([language], name)


def test_a_language_that_is_named_is_not_detected() -> None:
    found = prepared("今天", "one", language="EN")
    assert (languages(found), found.model.artifact.name) == (["en", "en"], "short-en")


def test_texts_of_two_languages_need_a_model_that_reads_both() -> None:
    assert fault("one", "two", "今天") == [
        FieldError("/text/2", "is in zh, /text/0 in en, and no model reads both")
    ]
    found = prepared("one", "今天", models=(ENGLISH, CHINESE, BOTH))
    assert (languages(found), found.model.artifact.name) == (["en", "zh"], "wide")


def test_a_translator_is_never_asked() -> None:
    assert fault("one", model="a-translator") == [
        FieldError("/model", "does not summarize; there is: short-en, short-zh")
    ]
    assert fault("one", model="none")[0].pointer == "/model"
    assert fault("one", models=()) == []


@pytest.mark.parametrize(
    ("text", "changes", "field"),
    [
        ("one", {"language": "fr"}, FieldError("/language", "languages: en, zh")),
        (
            "one",
            {"model": "short-zh"},
            FieldError("/text/0", "is in none of: zh; name `language` if it is"),
        ),
        ("12", {}, FieldError("/language", "must be one of: en, zh")),
        (
            "one",
            {"models": (ENGLISH, summarizer("short-fr", "fr"))},
            FieldError("/language", "must be one of: en, fr"),
        ),
    ],
)
def test_a_language_that_no_model_knows_or_that_is_in_doubt_is_pointed_at(
    text: str, changes: dict[str, Any], field: FieldError
) -> None:
    assert fault(text, **changes) == [field]


def test_a_long_article_is_read_up_to_the_limit() -> None:
    found = prepared("one " * 31 + "ten", "ten " * 100)
    assert [source.reading for source in found.sources] == [
        Reading([*([4] * 31), 2], tokens=31, of_tokens=32, characters=123, of_characters=127),
        Reading([*([13] * 31), 2], tokens=31, of_tokens=100, characters=123, of_characters=399),
    ]
    assert [item.source["tokens"].size for item in found.items] == [32, 32]
    assert found.source_tokens == 64


def test_an_article_that_fits_is_read_whole() -> None:
    (source,) = prepared(" one  two ").sources
    assert source.reading == Reading([4, 5, 2], 2, 2, 7, 7)


def test_without_an_end_token_there_is_room_for_one_more() -> None:
    text = manifest().text
    assert text is not None
    changed = TextProcessing(**{**vars(text), "append_eos": False})
    found = prepared("one " * 99, models=(summarizer("bare", "en", text=changed),))
    assert (found.sources[0].reading.tokens, found.items[0].source["tokens"].size) == (32, 32)


def test_a_language_may_have_its_tag() -> None:
    tagged = TokenDecoding(bos=1, eos=2, prefixes={"zh-zh": (7,)})
    found = prepared("one", "今天", models=(summarizer("tagged", "en", "zh", decoding=tagged),))
    assert [item.options.prefix for item in found.items] == [(), (7,)]


def limits(text: str = "one", models: Any = (ENGLISH, CHINESE), **changes: Any) -> Any:
    return prepared(text, models=models, **changes).items[0].options


def test_words_are_bounded_and_tokens_then_only_by_the_model() -> None:
    free, bound = limits(), limits(length=Length(3, 9))
    assert (free.words, free.max_tokens) == (None, 20)
    assert isinstance(bound.words, WordLimits)
    assert (bound.words.least, bound.words.most, bound.max_tokens) == (3, 9, 64)
    told = limits(length=Length(3), options=Options(max_tokens=5))
    assert (told.words.least, told.words.most, told.max_tokens) == (3, None, 5)


SUBWORDS = TextProcessing(tokenizer="subword", source_file="source.json", target_file="target.json")


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", [(None, 6), (6, 13), (13, None)]), ("zh", [(None, 10), (10, 20), (20, None)])],
)
def test_presets_are_shares_of_what_the_model_has_room_for(
    language: str, expected: list[tuple[int | None, int | None]]
) -> None:
    about = manifest(text=SUBWORDS, limits=Limits(max_source=128, max_target=40))
    assert [preset_words(one, language, about) for one in ("short", "medium", "long")] == expected


def test_presets_depend_on_the_language_of_each_text() -> None:
    wide = summarizer("wide", "en", "zh", text=SUBWORDS)
    found = prepared("one", "今天", models=(wide,), length=Length(preset="short"))
    words = [item.options.words for item in found.items]
    assert [one.most for one in words if one] == [10, 16]


@pytest.mark.parametrize(
    ("length", "options", "pointer"),
    [
        (Length(5, 4), Options(), "/options/min_words"),
        (Length(5, None, "long"), Options(), "/options/length"),
        (Length(None, 5, "short"), Options(), "/options/length"),
        (Length(65), Options(), "/options/min_words"),
        (Length(6), Options(max_tokens=5), "/options/min_words"),
        (Length(preset="long"), Options(max_tokens=5), "/options/length"),
        (Length(None, 1), Options(prefix="one two"), "/options/prefix"),
        (Length(), Options(prefix="zebra"), "/options/prefix"),
        (Length(), Options(beam_size=2, n_best=3), "/options/n_best"),
    ],
)
def test_what_does_not_fit_is_pointed_at(length: Length, options: Options, pointer: str) -> None:
    assert [field.pointer for field in fault("one", length=length, options=options)] == [pointer]
