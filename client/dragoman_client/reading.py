"""Results from the JSON of answers; a body that is not Dragoman's raises one of `MALFORMED`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from dragoman_client import results

_T = TypeVar("_T")
Reader = Callable[[Mapping[str, Any], str], list[_T]]
"""Makes results of an answer's body and the request's id."""
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


def translations(body: Mapping[str, Any], request_id: str) -> list[results.Translation]:
    """The translations of an answer's body."""
    shared = _of_all(body, request_id)
    return [results.Translation(**shared, **_of_text(item)) for item in body["translations"]]


def summaries(body: Mapping[str, Any], request_id: str) -> list[results.Summary]:
    """The summaries of an answer's body."""
    shared = _of_all(body, request_id)
    return [
        results.Summary(
            **shared,
            **_of_text(item),
            words=item["words"],
            language=item["language"],
            read=_read(results.Read, item["read"]),
        )
        for item in body["summaries"]
    ]


def captions(body: Mapping[str, Any], request_id: str) -> list[results.Caption]:
    """The captions of an answer's body."""
    usage = {"source_tokens": 0, **body["usage"], "images": body["usage"]["images"]}
    shared = _of_all({**body, "usage": usage}, request_id)
    return [
        results.Caption(**shared, **_of_one(item), attention=_read_attention(item.get("attention")))
        for item in body["captions"]
    ]


def generations(body: Mapping[str, Any], request_id: str) -> list[results.Generation]:
    """The one generation of an answer's body."""
    outputs = tuple(_generated(item) for item in body["outputs"])
    return [results.Generation(outputs, **_of_all(body, request_id))]


def _generated(item: Mapping[str, Any]) -> results.Generated:
    read = None if item.get("read") is None else _read(results.Read, item["read"])
    if "values" in item:
        return results.GeneratedValues(series(item["values"]))
    if "labels" in item:
        return results.GeneratedLabels(read_all(results.Label, item["labels"]), read)
    return results.GeneratedText(**_of_text(item), read=read)


def series(data: Sequence[Any]) -> results.Series:
    """A series of an answer's body, of numbers or of lists of them."""
    return tuple(tuple(step) if isinstance(step, list) else step for step in data)


def _of_all(body: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """What all results of one answer share."""
    return {
        "model": _read(results.ModelVersion, body["model"]),
        "usage": _read(results.Usage, body["usage"]),
        "seed": body.get("seed"),
        "request_id": request_id,
    }


def _of_one(item: Mapping[str, Any]) -> dict[str, Any]:
    """What results of every task have of their own."""
    return {
        "text": item["text"],
        "score": item["score"],
        "finish_reason": item["finish_reason"],
        "alternatives": read_all(results.Alternative, item.get("alternatives")),
    }


def _of_text(item: Mapping[str, Any]) -> dict[str, Any]:
    """What results of tasks on texts have of their own."""
    return {**_of_one(item), "alignment": _read_alignment(item.get("alignment"))}


def _read(kind: type[_T], data: Mapping[str, Any]) -> _T:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{key: value for key, value in data.items() if key in known})


def read_all(kind: type[_T], data: Sequence[Mapping[str, Any]] | None) -> tuple[_T, ...]:
    """All items of a list that may be absent, their unknown fields left out."""
    return tuple(_read(kind, item) for item in data or ())


def _read_alignment(data: Mapping[str, Any] | None) -> results.Alignment | None:
    if data is None:
        return None
    return results.Alignment(
        source_tokens=tuple(data["source_tokens"]),
        target_tokens=tuple(data["target_tokens"]),
        weights=tuple(tuple(row) for row in data["weights"]),
    )


def _read_attention(data: Mapping[str, Any] | None) -> results.Attention | None:
    if data is None:
        return None
    return results.Attention(
        rows=data["rows"],
        columns=data["columns"],
        words=tuple(
            results.Word(word["text"], tuple(tuple(row) for row in word["weights"]))
            for word in data["words"]
        ),
    )


def _read_image(data: Mapping[str, Any] | None) -> results.ImageInput | None:
    if data is None:
        return None
    return _read(results.ImageInput, {**data, "formats": tuple(data["formats"])})


def model(data: Mapping[str, Any]) -> results.Model:
    """One model as `/v1/models` describes it."""
    return _read(
        results.Model,
        {
            **data,
            "limits": _read(results.Limits, data["limits"]),
            "image": _read_image(data.get("image")),
            "series": _read(results.SeriesShape, data["series"]) if data.get("series") else None,
            "labels": tuple(data.get("labels") or ()),
            "languages": read_all(results.LanguagePair, data.get("languages")),
            "metrics": read_all(results.Metric, data.get("metrics")),
            "licences": read_all(results.Licence, data.get("licences")),
        },
    )


def language(data: Mapping[str, Any]) -> results.Language:
    """One language as `/v1/languages` describes it."""
    targets = [
        _read(results.TargetLanguage, {**target, "models": tuple(target["models"])})
        for target in data["targets"]
    ]
    return _read(
        results.Language,
        {**data, "targets": tuple(targets), "summarizers": tuple(data["summarizers"])},
    )
