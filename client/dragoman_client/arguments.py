"""The keyword arguments of each task and its stream, in one place for both clients."""

from __future__ import annotations

from typing import Literal, Required, TypedDict


class Arguments(TypedDict, total=False):
    """What every model may be asked; what is left out, or None, is the service's choice.

    `beam_size` 1..16: hypotheses kept at each step, 1 is greedy and
    fastest. `n_best`: outputs returned, all but the first as `alternatives`. `max_tokens`,
    `min_tokens`: how long one output may and must be. `length_penalty`: 0 favours short outputs,
    above 1 long ones. `no_repeat_ngram_size`: no run of so many tokens comes twice; 0 allows all.
    `repetition_guard`: False lets loops run on. `prefix`: what every output must begin with.
    `temperature`, `top_k`, `top_p`, `seed`: any of them samples instead of searching.
    `priority`: `"bulk"` lets others go first. `deadline_ms`: milliseconds after which the service
    gives up.
    """

    beam_size: int | None
    n_best: int | None
    max_tokens: int | None
    min_tokens: int | None
    length_penalty: float | None
    no_repeat_ngram_size: int | None
    repetition_guard: bool | None
    prefix: str | None
    temperature: float | None
    top_k: int | None
    top_p: float | None
    seed: int | None
    priority: Literal["interactive", "bulk"] | None
    deadline_ms: int | None


class TaskArguments(Arguments, total=False):
    """What every task may be asked.

    `model`: a model's name.
    """

    model: str | None


class TextArguments(TaskArguments, total=False):
    """What every task on texts may be asked.

    `return_alignments`: whether each result carries its `alignment`.
    """

    return_alignments: bool | None


class TranslateArguments(TextArguments, total=False):
    """What a translation may be asked for.

    `target`, `source`: languages, `"fr"` say; `source` may be left out where the models leave no
    doubt.
    """

    target: Required[str]
    source: str | None


class SummarizeArguments(TextArguments, total=False):
    """What a summary may be asked for.

    `language`: of all the texts, `"en"` say; if left out, the service tells it by their script.
    `min_words`, `max_words`: how many words a summary must and may have; no word is cut. Where a
    script writes no spaces, a word is a character. `length`: a share of what the model has room to
    write, instead of words.
    """

    language: str | None
    min_words: int | None
    max_words: int | None
    length: Literal["short", "medium", "long"] | None


class CaptionArguments(TaskArguments, total=False):
    """What a caption may be asked for.

    `return_attention`: whether each result carries its `attention`.
    """

    return_attention: bool | None


class GenerateArguments(Arguments, total=False):
    """What any model may be asked for; those that write numbers or labels have nothing to choose.

    `return_alignments`: whether each text carries its `alignment`.
    """

    return_alignments: bool | None


TOP_LEVEL = frozenset(
    {
        "target",
        "source",
        "language",
        "model",
        "return_alignments",
        "return_attention",
        "priority",
        "deadline_ms",
    }
)
"""What stands in the request itself; everything else stands in its `options`."""
