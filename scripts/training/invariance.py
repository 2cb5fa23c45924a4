"""Does an answer depend on who shares its batch? Decode each source alone and in company."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.artifacts.store import Artifact
from scripts.training.asking import Source
from scripts.training.decoding import CHUNK, Decoder


@dataclass(frozen=True)
class Comparison:
    """What decoding `sentences` sources alone and in batches of 64 gave.

    `different` counts the sources whose best tokens differ; `widest_tie` is the largest difference
    between the scores of two such answers, in nats; `drift` is the largest difference between the
    log-probabilities of equal answers: 0.0 means bitwise the same.
    """

    beam_size: int
    exact: bool
    sentences: int
    different: int
    widest_tie: float
    drift: float


def compare(
    artifact: Artifact,
    sources: Sequence[Source],
    beam_size: int,
    *,
    exact: bool,
    int8: bool = False,
) -> Comparison:
    """Decode `sources` one after another, then 64 at a time, and compare."""
    with Decoder(artifact, exact=exact, int8=int8) as decoder:
        alone = decoder.decode(sources, beam_size, 1, at_once=False)
        together = decoder.decode(sources, beam_size, CHUNK, at_once=False)
    pairs = [(a.hypotheses[0], b.hypotheses[0]) for a, b in zip(alone, together, strict=True)]
    parted = [(a, b) for a, b in pairs if a.tokens != b.tokens]
    equal = [(a, b) for a, b in pairs if a.tokens == b.tokens]
    return Comparison(
        beam_size=beam_size,
        exact=exact,
        sentences=len(sources),
        different=len(parted),
        widest_tie=max((abs(a.score - b.score) for a, b in parted), default=0.0),
        drift=max((abs(a.log_probability - b.log_probability) for a, b in equal), default=0.0),
    )
