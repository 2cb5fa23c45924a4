"""The sentences that benchmarks and checks translate, in a natural mix of lengths."""

from __future__ import annotations

from pathlib import Path

from scripts.training.pairs import read_table

OWN = Path(__file__).with_suffix(".txt")
TATOEBA = Path("translation", "tatoeba.en-fr.tsv.gz")


def sentences(data: Path | None) -> list[str]:
    """Return the distinct English sentences of Tatoeba's test split, or our own 64 without it."""
    if data and (data / TATOEBA).exists():
        rows = read_table(data / TATOEBA)
        return list(dict.fromkeys(row["en"] for row in rows if row["split"] == "test"))
    return OWN.read_text(encoding="utf-8").splitlines()
