"""Which parts of a text a model attended to, in pieces that people can read."""

from __future__ import annotations

from dataclasses import dataclass

from app.engine.request import Hypothesis
from app.tasks.job import Source
from app.tasks.loaded import LoadedModel
from app.tasks.pieces import Piece, merge_weights, spell
from app.tasks.text import appends_eos


@dataclass(frozen=True)
class Alignment:
    """How much each target piece attended to each source piece: `weights` [targets][sources]."""

    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]


def align(hypothesis: Hypothesis, source: Source, model: LoadedModel) -> Alignment | None:
    """Return what `hypothesis` attended to in `source`; None where that was not asked for."""
    if hypothesis.attention is None:
        return None
    manifest = model.artifact.manifest
    ids = source.reading.ids
    sources = spell(model.source.pieces(ids), manifest)
    targets = spell(model.target.pieces(hypothesis.tokens), manifest)
    if appends_eos(manifest):
        sources = [*sources[:-1], Piece("</s>", 1)]
    weights = merge_weights(hypothesis.attention[:, : len(ids)], targets, sources)
    return Alignment(
        tuple(piece.text for piece in sources),
        tuple(piece.text for piece in targets),
        tuple(tuple(round(float(weight), 4) for weight in row) for row in weights),
    )
