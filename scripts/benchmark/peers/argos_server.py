"""CTranslate2 as Argos Translate and LibreTranslate run it: beam 4, one sentence after another.

Argos's own call and thread defaults (1 worker, CTranslate2's default of threads) on an int8 model.
Its sentence splitting and SentencePiece are left out, which favours it.
"""

from __future__ import annotations

import threading
from typing import Any

import uvicorn
from fastapi import FastAPI

from scripts.benchmark.peers.lengths import ExpectedLengths, mean_length
from scripts.benchmark.peers.transformer import load_transformer, token
from scripts.benchmark.peers.wire import PATH, Arguments, answer, arguments


def create(options: Arguments) -> FastAPI:
    """Load the model and return the application."""
    translator = load_transformer("int8", workers=1, threads=0)
    expected = ExpectedLengths(options.artifact, options.lengths)
    lock = threading.Lock()
    app = FastAPI()

    @app.post(PATH)
    def ask(body: dict[str, Any]) -> dict[str, Any]:
        ids = expected.source(body["text"])
        length = expected.target(body["text"], len(ids))
        steps = mean_length([length])
        with lock:
            found = translator.translate_batch(
                [[*map(token, ids), "</s>"]],
                replace_unknowns=True,
                max_batch_size=32,
                beam_size=4,
                num_hypotheses=1,
                length_penalty=0.2,
                return_scores=True,
                min_decoding_length=steps,
                max_decoding_length=steps,
            )
        return answer(" ".join(found[0].hypotheses[0]), length)

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
