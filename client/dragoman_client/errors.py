"""What can go wrong, as a tree.

DragomanError
├── ConnectionFailed      connection_failed   the service cannot be reached, or hung up
├── TimedOut              timed_out           no answer within `timeout`
├── UnexpectedAnswer      unexpected_answer   an answer that this client does not understand
└── ApiError              (the service's code) the service said no
    ├── InvalidRequest    4xx                 the request is wrong; `errors` names the fields
    │   └── TooLong       too_long            an item is longer than the model can read
    ├── NotFound          404                 no such model or language pair
    ├── Refused           429, 503            busy, loading or draining; see `retry_after`
    ├── DeadlineExceeded  504                 the service's own deadline passed
    └── ServerError       other 5xx           the fault is the service's
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One field at fault: `pointer` is a JSON pointer into the request, `/text/3` say."""

    pointer: str
    message: str


class DragomanError(Exception):
    """The root of the tree.

    Attributes:
        message: what is wrong, in words.
        code: a stable name of it, for programs.
        status: the HTTP status, or None where there was no answer.
        request_id: what the service's log calls this request.
        errors: the fields at fault, if any.
        retry_after: seconds after which the service asked to be tried again, if it did.
        retriable: whether trying the same again may help; this client has already done so.
    """

    code = "error"
    retriable = False

    def __init__(
        self,
        message: str,
        *,
        request_id: str,
        code: str | None = None,
        status: int | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        """Keep what is known; `code` overrides the class's."""
        super().__init__(message)
        self.message = message
        self.request_id = request_id
        self.code = code or self.code
        self.status = status
        self.errors = errors
        self.retry_after = retry_after

    def __str__(self) -> str:
        """Read like `text is empty [invalid_request, /text/0; request 4f1c…]`."""
        fields = "".join(f", {error.pointer}" for error in self.errors)
        return f"{self.message} [{self.code}{fields}; request {self.request_id}]"


class ConnectionFailed(DragomanError):
    """The service cannot be reached, or it closed the connection without an answer."""

    code = "connection_failed"
    retriable = True


class TimedOut(DragomanError):
    """No answer came within `timeout`."""

    code = "timed_out"


class UnexpectedAnswer(DragomanError):
    """The answer is not what this client understands: is it Dragoman that listens there?"""

    code = "unexpected_answer"


class ApiError(DragomanError):
    """The service answered with an error."""


class InvalidRequest(ApiError):
    """The request itself is wrong."""

    code = "invalid_request"


class TooLong(InvalidRequest):
    """An item is longer than the model can read."""

    code = "too_long"


class NotFound(ApiError):
    """The service has no such model or language pair."""

    code = "not_found"


class Refused(ApiError):
    """The service is busy, loading or draining, or the quota is spent."""

    code = "refused"
    retriable = True


class DeadlineExceeded(ApiError):
    """The service gave up on the request at its own deadline."""

    code = "deadline_exceeded"


class ServerError(ApiError):
    """The service failed."""

    code = "server_error"
