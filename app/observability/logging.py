"""Logs as one JSON object a line; never a client's text, nor the message of an unforeseen error."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
import warnings
from types import TracebackType
from typing import Any, TextIO

EXTRA = "dragoman"
"""The attribute of a log record that holds the fields beside the message."""

_TALKATIVE = ("PIL", "python_multipart")
"""Libraries whose debug messages hold parts of what a client sent, a photo's metadata say."""


class JsonFormatter(logging.Formatter):
    """Format a record as `{"time", "level", "logger", "message", …}`, times in UTC.

    Of an exception the type and the frames are kept. Its message is left out: it may quote the text
    that a client sent.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(getattr(record, EXTRA, {}))
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["frames"] = frames(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False, default=str)


def frames(trace: TracebackType | None) -> list[str]:
    """Return a traceback's frames as `file:line function`, without source lines or values."""
    return [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Send everything to `stream` (standard error) as JSON, from `level` up."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonFormatter())
    # Facts that no line tells are not gathered (logging's own guide, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(max(logging.INFO, root.level))
    warnings.filterwarnings("ignore", module=r"PIL\.")


def log_event(logger: logging.Logger, level: int, message: str, **fields: object) -> None:
    """Log `message` with `fields` beside it in the JSON object."""
    logger.log(level, message, extra={EXTRA: fields})


def log_bug(logger: logging.Logger, request_id: str, error: Exception) -> None:
    """Log where `error` came from; its message is left out, as it may hold a client's text."""
    log_event(
        logger,
        logging.ERROR,
        "unforeseen error",
        request_id=request_id,
        exception=type(error).__name__,
        frames=frames(error.__traceback__),
    )
