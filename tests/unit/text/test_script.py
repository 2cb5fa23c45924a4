from __future__ import annotations

import pytest

from app.text.script import fitting, spaceless


@pytest.mark.parametrize(
    ("text", "offered", "found"),
    [
        ("Shares of Tesla fell on Tuesday.", ["en", "zh"], ["en"]),
        ("中央气象台今天发布暴雨蓝色预警。", ["en", "zh"], ["zh"]),
        ("特斯拉 Tesla 与 SpaceX 的股价周二下跌", ["en", "zh"], ["zh"]),
        ("He wrote 你好 to all of his friends", ["en", "zh"], ["en"]),
        ("東京電力は新聞発表を行った", ["ja", "zh"], ["ja"]),
        ("东京电力公司发布新闻公报", ["ja", "zh"], ["zh"]),
        ("서울 날씨가 맑다", ["en", "ko", "zh-Hans"], ["ko"]),
        ("Ｔｅｓｌａ　ｓｈａｒｅｓ", ["en", "zh"], ["en"]),
        ("Bonjour tout le monde", ["en", "fr", "zh"], ["en", "fr"]),
        ("Привет, мир", ["en", "zh"], []),
        ("1 + 1 = 2", ["en", "zh"], ["en", "zh"]),
        ("1 + 1 = 2", ["en"], ["en"]),
        ("anything", [], []),
    ],
)
def test_a_text_is_in_the_language_whose_script_it_is_written_in(
    text: str, offered: list[str], found: list[str]
) -> None:
    assert fitting(text, offered) == found


def test_the_end_of_a_long_text_does_not_change_its_language() -> None:
    assert fitting("word " * 400 + "字" * 100_000, ["en", "zh"]) == ["en"]


@pytest.mark.parametrize(
    ("language", "without"),
    [("zh", True), ("zh-Hant-TW", True), ("JA", True), ("th", True), ("ko", False), ("en", False)],
)
def test_some_languages_write_no_spaces(language: str, without: bool) -> None:
    assert spaceless(language) is without
