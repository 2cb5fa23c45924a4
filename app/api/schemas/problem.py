"""The body of every error (RFC 9457)."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from app.api.schemas.base import Wire


class ProblemField(Wire):
    """One thing wrong with one field."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into the request's body.")
    message: str = Field(description="What is wrong there.")


class Problem(Wire):
    """What went wrong; it never repeats what was sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:dragoman:too_long",
                    "title": "The request is invalid",
                    "status": 422,
                    "detail": "The text is too long: split it.",
                    "code": "too_long",
                    "request_id": "5f0c6e0a4c1b4d0c9a55e0a0c2f6f9d1",
                    "errors": [
                        {
                            "pointer": "/text/3",
                            "message": "is 301 tokens long; the limit of translate-en-fr is 128",
                        }
                    ],
                }
            ]
        }
    )

    type: str = Field(description="A URN of the code.")
    title: str = Field(description="What kind of error it is.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong and what to do.")
    code: str = Field(description="Stable: decide by this, not by the words.")
    request_id: str = Field(description="As in the header `X-Request-ID`; quote it in reports.")
    errors: list[ProblemField] = Field(description="The fields at fault, if any.")
