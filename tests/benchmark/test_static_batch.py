"""The static peers decode the artifact to the same answers, or their figures would mean nothing."""

from __future__ import annotations

from pathlib import Path

from scripts.benchmark.answers import lost_requests, reference, wrong_share
from scripts.benchmark.load.outcome import Outcome
from scripts.benchmark.peers.static_batch import StaticTranslator
from tests.fakes.toy_artifact import write_toy_artifact


def test_a_batch_of_unequal_lengths_gets_each_its_own_translation(tmp_path: Path) -> None:
    translator = StaticTranslator(write_toy_artifact(tmp_path).folder)
    found = translator.translate(["one two three", "ten", "seven two"])
    assert found == [("un deux trois", 3), ("dix", 1), ("sept deux", 2)]
    assert translator.outputs(["one"]) == [[14]]


def test_the_reference_keeps_the_order_of_the_sentences(tmp_path: Path) -> None:
    artifact = write_toy_artifact(tmp_path)
    right = reference(artifact.folder, ["seven two three", "ten"])
    assert right.texts == {"seven two three": "sept deux trois", "ten": "dix"}
    assert right.tokens == {"seven two three": 3, "ten": 1}


def test_wrong_answers_are_a_share_of_all() -> None:
    good, bad = Outcome(97, 0, 0, 0, 1, 1, 1, 1), Outcome(3, 0, 0, 2, 1, 1, 1, 1)
    assert (wrong_share([good, bad]), wrong_share([])) == (0.02, 0.0)


def test_what_failed_and_what_was_never_answered_is_lost() -> None:
    assert lost_requests([Outcome(9, 1, 0, 0, 1, 1, 1, 1), Outcome(9, 2, 4, 5, 1, 1, 1, 1)]) == 7
