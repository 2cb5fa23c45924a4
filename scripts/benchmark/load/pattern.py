"""How a system is pushed: values that cross from the benchmark to the load generator as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

Kind = Literal["closed", "open", "burst"]
PLAIN, STREAM = "/v1/translate", "/v1/translate/stream"


@dataclass(frozen=True)
class Load:
    """One load on one system.

    Args:
        name: what the tables call it: `greedy`, `open 80%`, `beam 4` …
        kind: `closed`: `clients` that ask again when they are answered; `open`: requests arrive at
            `rate` a second at random (Poisson), whatever the system does; `burst`: `clients`
            requests at once, the next burst when all are answered, one sample a burst.
        clients: how many; 0 for `open`.
        rate: arrivals a second, for `open`.
        seconds: how long latencies and answers are counted.
        settle: seconds of the same load before counting begins.
        grace: seconds that what still runs at the end gets to finish.
        beam_size: 1 is greedy.
        listed: texts in one request; 0 sends a plain text, not a list.
        path: the route.
    """

    name: str
    kind: Kind = "closed"
    clients: int = 1
    rate: float = 0.0
    seconds: float = 4.0
    settle: float = 0.5
    grace: float = 4.0
    beam_size: int = 1
    listed: int = 0
    path: str = PLAIN


@dataclass(frozen=True)
class Question:
    """One request: its body, and the texts of the right answer (None: unknown, not checked)."""

    body: str
    answer: tuple[str, ...] | None

    @classmethod
    def of(cls, texts: Sequence[str], load: Load, answers: Mapping[str, str]) -> Self:
        """Return the request that asks for `texts`; only greedy answers can be known."""
        text: str | list[str] = list(texts) if load.listed else texts[0]
        options = {"beam_size": load.beam_size}
        body = json.dumps({"text": text, "source": "en", "target": "fr", "options": options})
        if load.beam_size > 1 or any(text not in answers for text in texts):
            return cls(body, None)
        return cls(body, tuple(answers[text] for text in texts))


def questions(texts: Sequence[str], load: Load, answers: Mapping[str, str]) -> list[Question]:
    """Return the requests of `load`, which are then sent in turn, in the order of `texts`.

    With `listed` 2 and three texts there is one request, for the first two.
    """
    size = max(load.listed, 1)
    starts = range(0, len(texts) - size + 1, size)
    return [Question.of(texts[start : start + size], load, answers) for start in starts]
