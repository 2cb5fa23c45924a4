"""CTranslate2 behind FastAPI, batching as well as it can; options: `int8` or `float32`.

Greedy unless the request says otherwise. Requests of one beam size share a batch, and each batch is
decoded to the mean expected length of its members.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from scripts.benchmark.peers.lanes import Lanes
from scripts.benchmark.peers.lengths import ExpectedLengths, mean_length
from scripts.benchmark.peers.transformer import load_transformer, token
from scripts.benchmark.peers.wire import MOST_ROWS, PATH, Arguments, answer, arguments


def create(options: Arguments) -> FastAPI:
    """Load the model and return the application."""
    translator = load_transformer(options.options[0], options.workers, options.threads)
    expected = ExpectedLengths(options.artifact, options.lengths)

    def translate(texts: Sequence[str], beam_size: int) -> list[dict[str, Any]]:
        sources = [expected.source(text) for text in texts]
        lengths = [expected.target(t, len(s)) for t, s in zip(texts, sources, strict=True)]
        steps = mean_length(lengths)
        found = translator.translate_batch(
            [[*map(token, ids), "</s>"] for ids in sources],
            beam_size=beam_size,
            min_decoding_length=steps,
            max_decoding_length=steps,
        )
        texts = [" ".join(result.hypotheses[0]) for result in found]
        return [answer(*pair) for pair in zip(texts, lengths, strict=True)]

    lanes: dict[int, Lanes[str, dict[str, Any]]] = {}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        for beam in (1, 4):
            lanes[beam] = Lanes(
                lambda texts, beam=beam: translate(texts, beam),  # type: ignore[misc]
                options.workers,
                MOST_ROWS,
            )
        yield
        for lane in lanes.values():
            lane.close()

    app = FastAPI(lifespan=lifespan)

    @app.post(PATH)
    async def ask(body: dict[str, Any]) -> dict[str, Any]:
        return await lanes[body["options"]["beam_size"]].ask(body["text"])

    @app.get("/readyz")
    async def ready() -> str:
        return "ready"

    return app


def main() -> None:
    """Run the command line."""
    options = arguments()
    uvicorn.run(create(options), host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
