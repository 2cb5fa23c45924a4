"""Resolve a request's options against what a model can do."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from app.artifacts.manifest import Manifest
from app.engine.request import DecodeOptions
from app.errors import FieldError, InvalidRequest
from app.search.rules import WordLimits
from app.search.sampling import MOST_SAMPLED
from app.search.step import SamplingPlan
from app.tasks.loaded import LoadedModel

SEEDS = 1 << 53
"""Seeds are below it, so that every JSON reader keeps them exactly."""


@dataclass(frozen=True)
class Options:
    """What the client asked for; None leaves it to the model."""

    beam_size: int | None = None
    n_best: int | None = None
    max_tokens: int | None = None
    min_tokens: int | None = None
    length_penalty: float | None = None
    no_repeat_ngram_size: int | None = None
    repetition_guard: bool = True
    prefix: str | None = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    seed: int | None = None

    @property
    def samples(self) -> bool:
        """Whether the output is drawn instead of searched for."""
        asked = (self.temperature, self.top_k, self.top_p, self.seed)
        return any(value is not None for value in asked)


@dataclass(frozen=True)
class ResolvedOptions:
    """Options with nothing left open; `forced` ids are what every output begins with."""

    manifest: Manifest
    options: Options
    base: DecodeOptions
    forced: tuple[int, ...]

    @property
    def seed(self) -> int | None:
        """What samples are drawn by; None where nothing is drawn."""
        return None if self.base.sampling is None else self.base.sampling.seed

    @property
    def most_tokens(self) -> int:
        """How many tokens an output may have, whatever its source."""
        return self.options.max_tokens or self.manifest.limits.max_target

    def decode(
        self,
        item: int,
        source_tokens: int | None,
        prefix: tuple[int, ...],
        words: WordLimits | None = None,
    ) -> DecodeOptions:
        """Return how to decode the item at place `item`, of `source_tokens` ids.

        Where a source has no ids, an image say, the model alone bounds the output.
        `prefix` ids are fed before the output begins, a language tag say. Where `words` bound the
        output, its tokens are bounded by the model alone, lest they cut a word.
        """
        base, limits, usual = self.base, self.manifest.limits, self.manifest.generation
        wanted = self.options.max_tokens
        if wanted is None and words is None and source_tokens is not None:
            grown = int(usual.max_ratio * source_tokens) + usual.max_extra
            wanted = max(base.min_tokens, min(limits.max_target, grown + len(self.forced)))
        elif wanted is None:
            wanted = limits.max_target
        sampling = base.sampling
        if sampling is not None:
            sampling = SamplingPlan(
                sampling.temperature, sampling.top_k, sampling.top_p, sampling.seed, item
            )
        return DecodeOptions(
            beam_size=base.beam_size,
            n_best=base.n_best,
            max_tokens=wanted,
            length_penalty=base.length_penalty,
            prefix=prefix,
            forced=self.forced,
            min_tokens=base.min_tokens,
            no_repeat_ngram=base.no_repeat_ngram,
            repetition_guard=base.repetition_guard,
            sampling=sampling,
            want_attention=base.want_attention,
            words=words,
        )


def resolve(
    options: Options, want_attention: bool, model: LoadedModel, forced: tuple[int, ...] = ()
) -> ResolvedOptions:
    """Fill in the model's defaults and check that it all fits together.

    Args:
        options: what the client asked for.
        want_attention: whether it asked where the model attends; then the model must.
        model: what is to decode.
        forced: the ids of `options.prefix`.

    Raises:
        InvalidRequest: an option is out of range for this model, or does not go with another.
    """
    manifest = model.artifact.manifest
    _check_lengths(options, manifest, len(forced))
    if options.no_repeat_ngram_size == 1:
        message = "is 1; 0 allows all, 2 to 16 forbid a run of so many tokens to come twice"
        raise out_of_range("/options/no_repeat_ngram_size", message)
    defaults = manifest.generation
    penalty, ngram = options.length_penalty, options.no_repeat_ngram_size
    base = DecodeOptions(
        beam_size=_beam_size(options, defaults.beam_size),
        n_best=options.n_best or 1,
        length_penalty=defaults.length_penalty if penalty is None else penalty,
        min_tokens=options.min_tokens or 0,
        no_repeat_ngram=defaults.no_repeat_ngram_size if ngram is None else ngram,
        repetition_guard=options.repetition_guard,
        sampling=_sampling(options),
        want_attention=want_attention,
    )
    return ResolvedOptions(manifest, options, base, forced)


def _beam_size(options: Options, default: int) -> int:
    if options.samples:
        if options.beam_size not in (None, 1):
            message = "must be left out, or 1, where temperature, top_k, top_p or seed is given"
            raise out_of_range("/options/beam_size", message)
        return 1
    beam_size = default if options.beam_size is None else options.beam_size
    if options.n_best is not None and options.n_best > beam_size:
        message = f"is {options.n_best}; with a beam_size of {beam_size} at most {beam_size} "
        raise out_of_range("/options/n_best", f"{message}come back")
    return beam_size


def _sampling(options: Options) -> SamplingPlan | None:
    if not options.samples:
        return None
    return SamplingPlan(
        temperature=1.0 if options.temperature is None else options.temperature,
        top_k=MOST_SAMPLED if options.top_k is None else options.top_k,
        top_p=1.0 if options.top_p is None else options.top_p,
        seed=secrets.randbelow(SEEDS) if options.seed is None else options.seed,
    )


def _check_lengths(options: Options, manifest: Manifest, forced: int) -> None:
    limit, least = manifest.limits.max_target, options.min_tokens or 0
    most = options.max_tokens
    if most is not None and most > limit:
        message = f"is {most}; the limit of {manifest.name} is {limit}"
        raise out_of_range("/options/max_tokens", message)
    allowed = limit if most is None else most
    if least > allowed:
        raise out_of_range("/options/min_tokens", f"is {least}; at most {allowed} tokens may come")
    if forced >= allowed:
        message = f"has {forced} tokens; it must leave room in the {allowed} that may come"
        raise out_of_range("/options/prefix", message)


def out_of_range(pointer: str, message: str) -> InvalidRequest:
    """Return the error for the option at `pointer`."""
    return InvalidRequest("An option is out of range.", FieldError(pointer, message))
