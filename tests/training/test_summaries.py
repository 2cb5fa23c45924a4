"""The figures of summaries, on examples that a person can check by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.training.config import Corpus, EvaluationSet
from scripts.training.facts import fact_shares, facts, length_ratio
from scripts.training.items import Item, read_items
from scripts.training.pairs import Pair, keep_summaries
from scripts.training.rouge import rouge
from scripts.training.summaries import score_lead, score_summaries
from scripts.training.units import lead, units

ABOUT = EvaluationSet(name="tiny", path="t.tsv", source="text", target="title", lead=2)
METRICS = ("rouge", "facts", "length")
CORPUS = Corpus(
    path="t.tsv",
    source="text",
    target="title",
    licence="-",
    commercial_use=True,
    attribution="-",
    min_overlap=0.5,
    min_facts=1.0,
)


def test_rouge_counts_stemmed_words_and_the_longest_common_sequence() -> None:
    # 3 of 4 unigrams (sales ~ sale), 1 of 3 bigrams (oil price), a common sequence of 2 of 4.
    figures = rouge(["Sales cut oil price"], [["oil price hits sale"]], spaceless=False)
    assert figures == pytest.approx({"rouge1": 75.0, "rouge2": 100 / 3, "rougeL": 50.0})


def test_rouge_of_chinese_counts_characters_with_punctuation() -> None:
    figures = rouge(["空客 A320交付"], [["空客交付，a"]], spaceless=True)
    # 5 characters in common, of 8 and 6; bigrams 空客, 交付 of 7 and 5; sequence 空客交付.
    assert figures == pytest.approx(
        {"rouge1": 100 * 10 / 14, "rouge2": 100 * 4 / 12, "rougeL": 100 * 8 / 14}
    )


def test_the_best_reference_counts() -> None:
    assert rouge(["a dog"], [["cats", "a dog"]], spaceless=False)["rouge1"] == 100.0


def test_facts_are_numbers_and_capitalised_words_but_the_first() -> None:
    headline = "Google's U.S. unit to pay $1.5 mln in Anglo-Dutch case by 2013 -BP"
    assert facts(headline) == ["1.5", "2013", "u.s", "anglo", "dutch", "bp"]


def test_facts_that_the_text_has_are_right_and_those_of_the_reference_are_to_be_kept() -> None:
    shares = fact_shares(
        ["In May 3 firms of the U.S.-based group left BP", "nothing"],
        ["Firms leave BP for Shell, 30 in all", "No news"],  # BP right; Shell and 30 invented
        ["Three firms leave BP in May, says Reuters", "No news"],  # BP, May due; Reuters not
    )
    assert shares == {"fact-precision": pytest.approx(100 / 3), "fact-recall": 50.0}


def test_no_facts_are_no_mistakes() -> None:
    assert fact_shares(["a"], ["b"], ["c"]) == {"fact-precision": 100.0, "fact-recall": 100.0}


def test_length_is_counted_in_words_or_characters() -> None:
    assert length_ratio(["one two", "three"], ["a b c d", "e f"], spaceless=False) == 0.5
    assert length_ratio(["交付 了"], ["空客"], spaceless=True) == 1.5


def test_units_and_leads() -> None:
    assert units("EU plans A-320", False) == ["eu", "plans", "a", "320"]
    assert lead("one two  three", 2, spaceless=False) == "one two"
    assert lead("一二三", 2, spaceless=True) == "一二"


def test_parts_are_reported_apart() -> None:
    items = [Item("a b c", ("a b",), ("brief",)), Item("d e f", ("x y",), ("main",))]
    metrics = score_summaries(items, ["a b", "d"], ABOUT, "greedy", METRICS, spaceless=False)
    values = {(m.dataset, m.name): m.value for m in metrics}
    assert values["tiny", "rouge1"] == 50.0
    assert (values["tiny-brief", "rouge1"], values["tiny-main", "rouge1"]) == (100.0, 0.0)
    assert (values["tiny", "length-ratio"], values["tiny-main", "length-ratio"]) == (0.75, 0.5)
    assert {m.signature.split("|")[0] for m in metrics if m.dataset == "tiny-main"} == {"n:1"}
    baseline = score_lead(items, ABOUT, ("rouge",), spaceless=False)
    assert (baseline[0].decoding, baseline[0].value) == ("lead 2", 50.0)


def test_items_know_their_part_and_whether_their_target_was_seen(tmp_path: Path) -> None:
    table = "split\tkind\ttext\ttitle\ntest\tbrief\tone\tA\ntest\tmain\ttwo\tB\nval\tmain\tx\tC\n"
    (tmp_path / "t.tsv").write_text(table, encoding="utf-8")
    about = ABOUT.model_copy(update={"by": "kind", "seen": True})
    assert read_items(tmp_path, about, {"B"}) == [
        Item("one", ("A",), ("brief", "unseen")),
        Item("two", ("B",), ("main", "seen")),
    ]


def test_empty_rows_and_longer_sources_are_left_out_of_a_set(tmp_path: Path) -> None:
    table = "split\ttext\ttitle\ntest\tfour\tA\ntest\tlonger\tB\n"
    table += "test\t \tno text\ntest\tone\t\n"
    (tmp_path / "t.tsv").write_text(table, encoding="utf-8")
    about = ABOUT.model_copy(update={"max_characters": 4})
    assert [item.source for item in read_items(tmp_path, about, ())] == ["four"]


def test_pairs_that_cannot_teach_are_left_out() -> None:
    good = Pair("The bank of England cut rates on Monday", "England bank cuts rates")
    bad = [
        Pair("short text", "a title that is longer"),
        Pair("The bank of England cut rates on Monday", "What it means for you today"),
        Pair("The bank of England cut rates on Monday", "The bank of Japan cut rates"),
    ]
    assert keep_summaries([good, *bad, good], CORPUS, spaceless=False) == [good]
