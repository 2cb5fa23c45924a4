"""Domain errors with stable codes; this module knows nothing of HTTP.

DragomanError
├── InvalidRequest            invalid_request   the request itself is wrong
│   ├── TooLong               too_long          an item exceeds the model's limit
│   ├── UnreadableImage       unreadable_image  an image is damaged, or of no format that is read
│   ├── ImageTooLarge         image_too_large   an image has more pixels than may be decoded
│   └── UnsupportedOption     unsupported_option the model cannot do what an option asks
├── NotFound                  not_found
│   ├── UnknownModel          unknown_model
│   ├── UnknownLanguage       unknown_language
│   └── UnknownLanguagePair   unknown_language_pair
├── Refused                   refused           try again later (carries `retry_after` seconds)
│   ├── Overloaded            overloaded        every place is taken
│   ├── NotReady              loading           models are still loading
│   └── Draining              draining          the service is shutting down
├── DeadlineExceeded          deadline_exceeded
├── Cancelled                 cancelled         the client went away
├── ArtifactError             bad_artifact      a model folder cannot be trusted
└── EngineFailure             engine_failure    ours: a step failed
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one field; `pointer` is an RFC 6901 JSON pointer, `/text/3` say."""

    pointer: str
    message: str


class DragomanError(Exception):
    """The root of all domain errors; `code` is part of the API and never changes."""

    code = "error"

    def __init__(self, message: str, *fields: FieldError) -> None:
        """Say what is wrong and what to do, and which fields are at fault."""
        super().__init__(message)
        self.message = message
        self.fields = fields


class InvalidRequest(DragomanError):
    """The request itself is wrong; sending it again will not help."""

    code = "invalid_request"


class TooLong(InvalidRequest):
    """An item is longer than the model can read."""

    code = "too_long"


class UnreadableImage(InvalidRequest):
    """An image is damaged, or of no format that is read."""

    code = "unreadable_image"


class ImageTooLarge(InvalidRequest):
    """An image has more pixels than may be decoded."""

    code = "image_too_large"


class UnsupportedOption(InvalidRequest):
    """The model cannot do what an option asks for."""

    code = "unsupported_option"


class NotFound(DragomanError):
    """What the request names is not here."""

    code = "not_found"


class UnknownModel(NotFound):
    """No model of that name is loaded."""

    code = "unknown_model"


class UnknownLanguage(NotFound):
    """No loaded model does this in that language."""

    code = "unknown_language"


class UnknownLanguagePair(NotFound):
    """No loaded model translates between these languages."""

    code = "unknown_language_pair"


class Refused(DragomanError):
    """The service cannot take the request now; it can later."""

    code = "refused"

    def __init__(self, message: str, *fields: FieldError, retry_after: float = 1.0) -> None:
        """Refuse; the client may come again after `retry_after` seconds."""
        super().__init__(message, *fields)
        self.retry_after = retry_after


class Overloaded(Refused):
    """Every row and every waiting place is taken."""

    code = "overloaded"


class NotReady(Refused):
    """Models are still loading."""

    code = "loading"


class Draining(Refused):
    """The service is shutting down."""

    code = "draining"


class DeadlineExceeded(DragomanError):
    """The request's deadline passed before it was done."""

    code = "deadline_exceeded"


class Cancelled(DragomanError):
    """The client went away."""

    code = "cancelled"


class ArtifactError(DragomanError):
    """A model folder cannot be trusted or read."""

    code = "bad_artifact"


class EngineFailure(DragomanError):
    """A decode step failed; the fault is ours."""

    code = "engine_failure"
