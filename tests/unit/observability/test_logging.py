from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from app.observability.logging import JsonFormatter, configure_logging, log_event


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_a_record_is_one_line_of_json() -> None:
    record = logging.LogRecord("a.b", logging.WARNING, "file", 1, "say %s", ("it\nnow",), None)
    record.created, record.msecs = 0.25, 250.0
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.250Z",
        "level": "warning",
        "logger": "a.b",
        "message": "say it\nnow",
    }


def test_an_exceptions_message_is_left_out() -> None:
    try:
        raise ValueError("my secret sentence")
    except ValueError:
        record = logging.LogRecord("a", logging.ERROR, "f", 1, "broke", None, sys.exc_info())
    line = JsonFormatter().format(record)
    assert "secret" not in line
    parsed = json.loads(line)
    assert parsed["exception"] == "ValueError"
    assert parsed["frames"][0].endswith("test_an_exceptions_message_is_left_out")


def test_logs_start_at_the_level_that_is_set(root: logging.Logger) -> None:
    stream = io.StringIO()
    configure_logging("warning", stream)
    log_event(logging.getLogger("a"), logging.INFO, "low")
    log_event(logging.getLogger("a"), logging.ERROR, "high", items=3)
    (line,) = stream.getvalue().splitlines()
    parsed = json.loads(line)
    assert (parsed["message"], parsed["items"]) == ("high", 3)


def test_libraries_that_quote_what_was_sent_stay_quiet(root: logging.Logger) -> None:
    stream = io.StringIO()
    configure_logging("debug", stream)
    for name in ("PIL.PngImagePlugin", "python_multipart.multipart", "ours"):
        logging.getLogger(name).debug("of %s", name)
    assert [json.loads(line)["logger"] for line in stream.getvalue().splitlines()] == ["ours"]
