from __future__ import annotations

import json

from scripts.benchmark.load.pattern import Load, Question, questions

ANSWERS = {"one": "un", "two": "deux"}


def test_a_question_carries_the_right_answer() -> None:
    [first, second] = questions(["one", "two"], Load("greedy"), ANSWERS)
    assert json.loads(first.body) == {
        "text": "one",
        "source": "en",
        "target": "fr",
        "options": {"beam_size": 1},
    }
    assert (first.answer, second.answer) == (("un",), ("deux",))


def test_a_list_asks_for_several_texts_at_once() -> None:
    [only] = questions(["one", "two", "three"], Load("list", listed=2), ANSWERS)
    assert json.loads(only.body)["text"] == ["one", "two"]
    assert only.answer == ("un", "deux")


def test_what_has_no_known_answer_is_not_checked() -> None:
    beam = Question.of(["one"], Load("beam", beam_size=4), ANSWERS)
    unknown = Question.of(["ten"], Load("greedy"), ANSWERS)
    assert (beam.answer, unknown.answer) == (None, None)
