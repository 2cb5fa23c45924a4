from __future__ import annotations

from scripts.training.config import EvaluationSet
from scripts.training.pairs import Pair
from scripts.training.scores import group, score_moses, score_translations, streams

ABOUT = EvaluationSet(name="tiny", path="tiny.tsv", source="en", target="fr")


def test_versions_of_one_sentence_become_its_references_in_file_order() -> None:
    pairs = [Pair("b", "1"), Pair("a", "2"), Pair("b", "3")]
    assert group(pairs) == [("b", ["1", "3"]), ("a", ["2"])]


def test_missing_references_are_gaps() -> None:
    assert streams([["a", "b"], ["c"]]) == [["a", "c"], ["b", None]]


def test_a_hypothesis_may_match_any_reference() -> None:
    hypotheses = ["il fait très beau ce matin", "je ne sais pas du tout"]
    references = [
        ["le temps est superbe aujourd'hui", "il fait très beau ce matin"],
        ["je ne sais pas du tout"],
    ]
    metrics = score_translations(hypotheses, references, ABOUT, "greedy")
    values = {metric.name: metric.value for metric in metrics}
    assert (values["bleu-all"], values["chrf"]) == (100.0, 100.0)
    assert values["bleu-first"] < 60.0
    assert {metric.name: metric.signature.split("|")[0] for metric in metrics} == {
        "bleu-first": "nrefs:1",
        "bleu-all": "nrefs:var",
        "chrf": "nrefs:var",
    }


def test_moses_tokens_are_compared_without_capitals() -> None:
    found = score_moses(
        ["Ein Hund, z.B. ein großer, läuft im Park."],
        [["ein hund , Z.B. ein großer , läuft im park .", "nie verglichen"]],
        "de",
        ABOUT,
        "beam 4",
    )
    (metric,) = found
    assert (metric.name, metric.value) == ("bleu-moses", 100.0)
    assert "tok:none" in metric.signature
