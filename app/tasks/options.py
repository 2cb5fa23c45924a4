"""Resolve a request's options against what a model can do."""

from __future__ import annotations

from dataclasses import dataclass

from app.artifacts.manifest import Generation, Limits, Manifest
from app.errors import FieldError, InvalidRequest, UnsupportedOption
from app.tasks.loaded import LoadedModel


@dataclass(frozen=True)
class Options:
    """What the client asked for; None leaves it to the model."""

    beam_size: int | None = None
    n_best: int | None = None
    max_tokens: int | None = None
    length_penalty: float | None = None


@dataclass(frozen=True)
class ResolvedOptions:
    """Options with nothing left open."""

    beam_size: int
    n_best: int
    length_penalty: float
    wanted_tokens: int | None
    limits: Limits
    generation: Generation

    def max_tokens(self, source_tokens: int) -> int:
        """Return how many tokens the output of a source of `source_tokens` ids may have."""
        if self.wanted_tokens is not None:
            return self.wanted_tokens
        grown = int(self.generation.max_ratio * source_tokens) + self.generation.max_extra
        return min(self.limits.max_target, grown)


def resolve(options: Options, want_alignments: bool, manifest: Manifest) -> ResolvedOptions:
    """Fill in the model's defaults and check that it all fits together.

    Raises:
        InvalidRequest: an option is out of range for this model.
        UnsupportedOption: alignments are asked of a model that does not attend.
    """
    defaults = manifest.generation
    beam_size = defaults.beam_size if options.beam_size is None else options.beam_size
    n_best = 1 if options.n_best is None else options.n_best
    if n_best > beam_size:
        message = f"is {n_best}; with a beam_size of {beam_size} at most {beam_size} come back"
        raise _wrong("/options/n_best", message)
    limit = manifest.limits.max_target
    if options.max_tokens is not None and options.max_tokens > limit:
        message = f"is {options.max_tokens}; the limit of {manifest.name} is {limit}"
        raise _wrong("/options/max_tokens", message)
    if want_alignments and not manifest.attends:
        message = f"{manifest.name} has no attention to align with"
        field = FieldError("/return_alignments", message)
        raise UnsupportedOption("The model cannot do this.", field)
    penalty = options.length_penalty
    return ResolvedOptions(
        beam_size=beam_size,
        n_best=n_best,
        length_penalty=defaults.length_penalty if penalty is None else penalty,
        wanted_tokens=options.max_tokens,
        limits=manifest.limits,
        generation=defaults,
    )


def check_rows(items: int, beam_size: int, model: LoadedModel) -> None:
    """Refuse for good what the engine could never hold, however long the client waited.

    Raises:
        InvalidRequest: one item needs more rows than decode at once, or all of them need more than
            may decode and wait together.
    """
    if beam_size > model.max_rows:
        message = f"is {beam_size}; this service decodes at most {model.max_rows} rows at once"
        raise _wrong("/options/beam_size", message)
    rows, limit = items * beam_size, model.max_rows + model.max_waiting
    if rows > limit:
        message = (
            f"holds {items} texts, {rows} rows with a beam_size of {beam_size}; "
            f"the limit is {limit} rows: send at most {limit // beam_size} texts at once, "
            "or use a smaller beam_size"
        )
        raise InvalidRequest("The list is too long.", FieldError("/text", message))


def _wrong(pointer: str, message: str) -> InvalidRequest:
    return InvalidRequest("An option is out of range.", FieldError(pointer, message))
