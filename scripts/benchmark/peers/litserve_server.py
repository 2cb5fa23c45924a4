"""Static request batching in LitServe, as its page on batching teaches.

`predict` gets the list of what `decode_request` returned; each worker is a process with the model.
The wait for a full batch is Ray Serve's default of 10 ms, the same in both; LitServe's own default
of 0 polls its queue without rest, which costs one of two cores.
"""

from __future__ import annotations

from pathlib import Path

import litserve

from scripts.benchmark.peers.wire import MOST_ROWS, PATH, answer, arguments

WAIT_SECONDS = 0.01


class TranslateAPI(litserve.LitAPI):
    """Greedy translation of whole batches."""

    def __init__(self, artifact: Path) -> None:
        """Batch up to 64 requests."""
        super().__init__(max_batch_size=MOST_ROWS, batch_timeout=WAIT_SECONDS, api_path=PATH)
        self.artifact = artifact

    def setup(self, device: str) -> None:
        """Load the model, in the worker's process."""
        from scripts.benchmark.peers.static_batch import StaticTranslator

        self.translator = StaticTranslator(self.artifact)
        self.translator.translate(["Hello!"])

    # LitServe reads the types of these two to make its route; its documentation has none here.
    def decode_request(self, request):  # type: ignore[no-untyped-def]
        """Return the text of one request."""
        return str(request["text"])

    def predict(self, texts: list[str]) -> list[tuple[str, int]]:
        """Translate a batch."""
        return self.translator.translate(texts)

    def encode_response(self, output):  # type: ignore[no-untyped-def]
        """Return the answer to one request."""
        return answer(*output)


def main() -> None:
    """Run the command line."""
    options = arguments()
    server = litserve.LitServer(
        TranslateAPI(options.artifact),
        accelerator="cpu",
        devices=1,
        workers_per_device=options.workers,
        timeout=300,
    )
    server.run(
        host="127.0.0.1",
        port=options.port,
        num_api_servers=1,
        generate_client_file=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
