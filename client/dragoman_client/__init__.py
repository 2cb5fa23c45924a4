"""The Python client of Dragoman.

from dragoman_client import Dragoman

with Dragoman("http://127.0.0.1:8000") as dragoman:
    print(dragoman.translate("Good morning!", target="fr"))
"""

from __future__ import annotations

from dragoman_client.aio import AsyncDragoman
from dragoman_client.arguments import (
    CaptionArguments,
    SummarizeArguments,
    TaskArguments,
    TextArguments,
    TranslateArguments,
)
from dragoman_client.client import Dragoman
from dragoman_client.errors import (
    ApiError,
    ConnectionFailed,
    DeadlineExceeded,
    DragomanError,
    FieldError,
    InvalidRequest,
    NotFound,
    Refused,
    ServerError,
    TimedOut,
    TooLong,
    UnexpectedAnswer,
)
from dragoman_client.images import Image
from dragoman_client.results import (
    Alignment,
    Alternative,
    Attention,
    Caption,
    ImageInput,
    Language,
    LanguagePair,
    Licence,
    Limits,
    Metric,
    Model,
    ModelVersion,
    Output,
    Piece,
    Read,
    Summary,
    TargetLanguage,
    TextOutput,
    Translation,
    Usage,
    Word,
)
from dragoman_client.stream import (
    AsyncCaptionStream,
    AsyncSummaryStream,
    AsyncTranslationStream,
    CaptionStream,
    SummaryStream,
    TranslationStream,
)
from dragoman_client.version import __version__

__all__ = [
    "Alignment",
    "Alternative",
    "ApiError",
    "AsyncCaptionStream",
    "AsyncDragoman",
    "AsyncSummaryStream",
    "AsyncTranslationStream",
    "Attention",
    "Caption",
    "CaptionArguments",
    "CaptionStream",
    "ConnectionFailed",
    "DeadlineExceeded",
    "Dragoman",
    "DragomanError",
    "FieldError",
    "Image",
    "ImageInput",
    "InvalidRequest",
    "Language",
    "LanguagePair",
    "Licence",
    "Limits",
    "Metric",
    "Model",
    "ModelVersion",
    "NotFound",
    "Output",
    "Piece",
    "Read",
    "Refused",
    "ServerError",
    "SummarizeArguments",
    "Summary",
    "SummaryStream",
    "TargetLanguage",
    "TaskArguments",
    "TextArguments",
    "TextOutput",
    "TimedOut",
    "TooLong",
    "TranslateArguments",
    "Translation",
    "TranslationStream",
    "UnexpectedAnswer",
    "Usage",
    "Word",
    "__version__",
]
