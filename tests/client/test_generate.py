"""Any model by the client: texts, numbers and labels, whole and as streams."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from dragoman_client import (
    AsyncDragoman,
    Dragoman,
    GeneratedLabels,
    GeneratedText,
    GeneratedValues,
    Generation,
    InvalidRequest,
    Label,
    Limits,
    ModelVersion,
    Piece,
    SeriesShape,
    UnexpectedAnswer,
    Usage,
)
from tests.client.replies import MODEL, READ, Replies, problem, translated

SERIES = {"values": [1.0, 0.5]}
LABELS = {"labels": [{"label": "good", "probability": 0.9}, {"label": "bad", "probability": 0.1}]}
TEXT = {"text": "Tesla falls", "score": -0.5, "finish_reason": "stop", "read": READ}


def body(*outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": {"name": "waves", "version": 3},
        "outputs": list(outputs),
        "usage": {"source_tokens": 4, "target_tokens": 2},
    }


def reply(*outputs: dict[str, Any]) -> httpx2.Response:
    return httpx2.Response(200, headers={"X-Request-ID": "served"}, json=body(*outputs))


def stream(*events: Any) -> httpx2.Response:
    content = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    headers = {"Content-Type": "text/event-stream", "X-Request-ID": "served"}
    return httpx2.Response(200, headers=headers, content=content.encode())


def connect(*replies: httpx2.Response) -> tuple[Dragoman, Replies]:
    kept = Replies(*replies)
    return Dragoman("http://service", transport=kept.transport, retries=0), kept


def test_numbers_go_out_and_come_back() -> None:
    client, replies = connect(reply(SERIES))
    found = client.generate("waves", values=[0.0, 0.5, 1.0])
    assert found == Generation(
        outputs=(GeneratedValues((1.0, 0.5)),),
        model=ModelVersion("waves", 3),
        usage=Usage(4, 2),
        request_id="served",
    )
    assert found.output == GeneratedValues((1.0, 0.5))
    assert replies.bodies == [{"values": [0.0, 0.5, 1.0]}]
    assert str(replies.requests[0].url) == "http://service/v1/models/waves/generate"


def test_a_list_has_as_many_outputs_and_no_only_one() -> None:
    client, _ = connect(reply(SERIES, {"values": [[1, 2], [3, 4]]}))
    found = client.generate("waves", values=[[0.0], [1.0]])
    assert found.outputs[1] == GeneratedValues(((1, 2), (3, 4)))
    with pytest.raises(RuntimeError, match="there are 2 outputs: use `outputs`"):
        _ = found.output


def test_texts_and_labels_are_read_as_what_they_are() -> None:
    client, replies = connect(reply(TEXT), reply({**LABELS, "read": READ}))
    written = client.generate("m/x", "Shares fell", beam_size=2, priority="bulk").output
    assert isinstance(written, GeneratedText)
    assert (str(written), written.read is not None and written.read.whole) == ("Tesla falls", False)
    assert replies.bodies == [
        {"text": "Shares fell", "options": {"beam_size": 2}, "priority": "bulk"}
    ]
    assert str(replies.requests[0].url) == "http://service/v1/models/m%2Fx/generate"
    found = client.generate("reviews", ["Nice"]).output
    assert isinstance(found, GeneratedLabels)
    assert (str(found), found.labels[1]) == ("good", Label("bad", 0.1))


def test_text_or_values_must_be_given_and_not_both() -> None:
    client, _ = connect()
    for given in ({}, {"text": "a", "values": [1]}):
        with pytest.raises(TypeError, match="either `text` or `values`"):
            client.generate("m", **given)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unknown argument: target"):
        client.generate("m", "a", target="fr")  # type: ignore[call-arg]


def test_a_translation_is_no_generation() -> None:
    client, _ = connect(translated("Bonjour"))
    with pytest.raises(UnexpectedAnswer):
        client.generate("m", "one")


def test_an_error_points_to_the_number() -> None:
    client, _ = connect(problem(422, "invalid_request", ("/values/3", "must be a number")))
    with pytest.raises(InvalidRequest) as caught:
        client.generate("waves", values=[1])
    assert caught.value.errors[0].pointer == "/values/3"


def test_pieces_of_a_series_come_in_order_and_the_whole_at_the_end() -> None:
    events = [{"type": "values", "index": 0, "values": [one]} for one in (1.0, 0.5)]
    client, replies = connect(stream(*events, {"type": "done", "result": body(SERIES)}))
    found = client.generate_stream("waves", values=[0.0])
    assert list(found) == [Piece(0, "", (1.0,)), Piece(0, "", (0.5,))]
    assert found.result.output == GeneratedValues((1.0, 0.5))
    assert str(replies.requests[0].url) == "http://service/v1/models/waves/generate/stream"


async def test_the_async_client_does_the_same() -> None:
    replies = Replies(reply(SERIES), stream({"type": "done", "result": body(LABELS)}))
    async with AsyncDragoman("http://service", transport=replies.transport) as client:
        found = await client.generate("waves", values=[0.0])
        assert found.output == GeneratedValues((1.0, 0.5))
        labels = await client.generate_stream("reviews", "Nice")
        assert [piece async for piece in labels] == []
        assert str(labels.result.output) == "good"


def test_a_model_tells_what_it_reads_and_writes() -> None:
    shape = {"source_features": 1, "target_features": 2, "steps": 24, "tomorrow": 1}
    limits = {"max_source": 24, "max_target": 24, "min_source": 24}
    kinds = {"source_kind": "series", "target_kind": "series"}
    about = {**MODEL, **kinds, "series": shape, "limits": limits}
    client, _ = connect(
        httpx2.Response(200, json=about), httpx2.Response(200, json={**MODEL, "labels": ["a", "b"]})
    )
    numbers, classifier = client.model("waves"), client.model("reviews")
    assert (numbers.source_kind, numbers.series) == ("series", SeriesShape(1, 2, 24))
    assert numbers.limits == Limits(24, 24, 24)
    assert (classifier.labels, classifier.series) == (("a", "b"), None)
