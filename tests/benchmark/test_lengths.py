from __future__ import annotations

import json
from pathlib import Path

from scripts.benchmark.peers.lengths import ExpectedLengths, mean_length
from tests.fakes.toy_artifact import write_toy_artifact


def test_a_batch_decodes_to_its_mean_length_and_the_end() -> None:
    assert mean_length([4, 5, 9]) == 7


def test_lengths_come_from_the_reference_and_sources_from_the_tokenizer(tmp_path: Path) -> None:
    artifact = write_toy_artifact(tmp_path / "models")
    (tmp_path / "lengths.json").write_text(json.dumps({"one two": 3}))
    expected = ExpectedLengths(artifact.folder, tmp_path / "lengths.json")
    assert expected.source("one two") == [4, 5]
    assert (expected.target("one two", 2), expected.target("ten", 1)) == (3, 1)
