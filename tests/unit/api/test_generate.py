"""`POST /v1/models/{name}/generate`: any model by its own contract."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.errors import DeadlineExceeded, EngineFailure, Overloaded
from tests.fakes.engine import FakeEngine
from tests.fakes.models import captioner, classifier, model, series
from tests.unit.api.conftest import Serve

BITS = "must be a finite number of 32 bits"
LISTS = "must be a list of numbers, or of lists of them"
MANY = "holds 513 series; the limit is 512"


def post(client: TestClient, name: str = "toy-means", **body: Any) -> Any:
    return client.post(f"/v1/models/{name}/generate", json=body)


def problem(response: Any) -> tuple[int, str, list[tuple[str, str]]]:
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert body["request_id"] == response.headers["x-request-id"]
    fields = [(field["pointer"], field["message"]) for field in body["errors"]]
    return response.status_code, body["code"], fields


def events(response: Any) -> list[dict[str, Any]]:
    assert response.headers["content-type"].startswith("text/event-stream")
    blocks = response.text.split("\n\n")
    assert blocks.pop() == ""
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


@pytest.fixture
def client(serve: Serve) -> TestClient:
    return serve(model(), series(), classifier(), captioner())


def test_one_series_gives_one_output(client: TestClient) -> None:
    response = post(client, values=[1, 2.5, 0.1])
    assert (response.status_code, response.json()) == (
        200,
        {
            "model": {"name": "toy-means", "version": 1},
            "outputs": [{"values": [0.1, 2.5, 1.0]}],
            "usage": {"source_tokens": 3, "target_tokens": 3},
        },
    )


def test_a_list_of_series_gives_outputs_in_order(client: TestClient) -> None:
    answer = post(client, values=[[1, 2], [3, 4, 5]]).json()
    assert answer["outputs"] == [{"values": [2.0, 1.0]}, {"values": [5.0, 4.0, 3.0]}]
    assert answer["usage"] == {"source_tokens": 5, "target_tokens": 5}
    assert post(client, values=[[1, 2]]).json()["outputs"] == [{"values": [2.0, 1.0]}]


def test_a_step_of_several_numbers_is_a_list(serve: Serve) -> None:
    client = serve(series(features=2))
    for values in ([[1, 2], [3, 4]], [[[1, 2], [3, 4]]]):
        outputs = post(client, values=values).json()["outputs"]
        assert outputs == [{"values": [[3.0, 4.0], [1.0, 2.0]]}]


def test_a_model_of_texts_answers_as_its_own_route_does(client: TestClient) -> None:
    asked = {"text": ["one two", "ten"], "options": {"n_best": 2}, "return_alignments": True}
    answer = post(client, "toy-en-fr", **asked).json()
    known = client.post("/v1/translate", json={**asked, "target": "fr"}).json()
    reads = [output.pop("read") for output in answer["outputs"]]
    assert answer.pop("outputs") == known.pop("translations")
    assert answer == known
    assert [(read["tokens"], read["of_tokens"]) for read in reads] == [(2, 2), (1, 1)]


def test_samples_tell_their_seed(client: TestClient) -> None:
    assert post(client, "toy-en-fr", text="one", options={"seed": 7}).json()["seed"] == 7


def test_a_classifier_gives_every_label_and_reads_the_beginning(client: TestClient) -> None:
    answer = post(client, "toy-count", text=["one two", "ten " * 50]).json()
    labels = [
        {"label": "one", "probability": 0.5},
        {"label": "four", "probability": 0.333333},
        {"label": "nine", "probability": 0.166667},
    ]
    assert [output["labels"] for output in answer["outputs"]] == [labels, labels]
    assert [output["read"]["of_tokens"] for output in answer["outputs"]] == [2, 50]
    assert [output["read"]["tokens"] for output in answer["outputs"]] == [2, 8]
    assert answer["usage"] == {"source_tokens": 3 + 9, "target_tokens": 2}


def test_models_tell_what_they_read_and_write(client: TestClient) -> None:
    models = {one["name"]: one for one in client.get("/v1/models").json()["models"]}
    kinds = {name: (one["source_kind"], one["target_kind"]) for name, one in models.items()}
    assert kinds == {
        "toy-en-fr": ("text", "text"),
        "toy-means": ("series", "series"),
        "toy-count": ("text", "label"),
        "toy-colours": ("image", "text"),
    }
    assert models["toy-means"]["series"] == {"source_features": 1, "target_features": 1, "steps": 4}
    assert models["toy-means"]["limits"] == {"max_source": 8, "max_target": 4, "min_source": 2}
    assert models["toy-count"]["labels"] == ["one", "four", "nine"]
    assert "series" not in models["toy-en-fr"]


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("toy-means", {}, ("/values", "is what toy-means reads")),
        ("toy-means", {"text": "1"}, ("/text", "is not what toy-means reads: send `values`")),
        ("toy-en-fr", {"values": [1]}, ("/values", "is not what toy-en-fr reads: send `text`")),
        ("toy-en-fr", {"text": None}, ("/text", "is what toy-en-fr reads")),
        ("toy-colours", {"text": "a"}, ("", "toy-colours reads images: send them to /v1/caption")),
        ("toy-en-fr", {"text": ["one", ""]}, ("/text/1", "must not be empty")),
        ("toy-en-fr", {"text": 3}, ("/text", "must be a string or a list of strings")),
        ("toy-en-fr", {"text": "one", "model": "x"}, ("/model", "is not a known field")),
        ("toy-means", {"values": []}, ("/values", "is 0 steps long; toy-means reads at least 2")),
        ("toy-means", {"values": [1]}, ("/values", "is 1 steps long; toy-means reads at least 2")),
        (
            "toy-means",
            {"values": [[1, 2], []]},
            ("/values/1", "is 0 steps long; toy-means reads at least 2"),
        ),
        (
            "toy-means",
            {"values": [[1, 2]] * 513},
            ("/values", MANY),
        ),
        ("toy-means", {"values": [1, "2"]}, ("/values/1", "must be a number")),
        ("toy-means", {"values": [1, True]}, ("/values/1", "must be a number")),
        ("toy-means", {"values": [1, None]}, ("/values/1", "must be a number")),
        ("toy-means", {"values": [1, [2]]}, ("/values/1", "must be a number")),
        ("toy-means", {"values": [[1, 2], 3]}, ("/values/1", "must be a list of numbers")),
        ("toy-means", {"values": [[[1], [2]]]}, ("/values/0/0", "must be a number")),
        (
            "toy-means",
            {"values": [1, 10**400]},
            ("/values/1", BITS),
        ),
        ("toy-means", {"values": [1, 1e39]}, ("/values/1", BITS)),
        (
            "toy-means",
            {"values": "1, 2"},
            ("/values", LISTS),
        ),
        (
            "toy-means",
            {"values": {"0": 1}},
            ("/values", LISTS),
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    client: TestClient, name: str, body: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert problem(post(client, name, **body)) == (422, "invalid_request", [expected])


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_no_number_that_is_not_finite_comes_in(client: TestClient, number: str) -> None:
    response = client.post(
        "/v1/models/toy-means/generate",
        content=f'{{"values": [[1, 2], [3, {number}]]}}',
        headers={"content-type": "application/json"},
    )
    expected = ("/values/1/1", BITS)
    assert problem(response) == (422, "invalid_request", [expected])


def test_a_series_that_is_too_long_is_never_cut(client: TestClient) -> None:
    expected = ("/values/1", "is 9 steps long; the limit of toy-means is 8")
    assert problem(post(client, values=[[1, 2], [0] * 9])) == (422, "too_long", [expected])


@pytest.mark.parametrize(
    ("step", "pointer"), [([1], "/values/1"), ([1, 2, 3], "/values/1"), (4, "/values/1")]
)
def test_every_step_has_as_many_numbers_as_the_model_reads(
    serve: Serve, step: object, pointer: str
) -> None:
    response = post(serve(series(features=2)), values=[[1, 2], step])
    assert problem(response) == (422, "invalid_request", [(pointer, "must be a list of 2 numbers")])


@pytest.mark.parametrize(
    ("name", "body", "what"),
    [("toy-means", {"values": [1, 2]}, "numbers"), ("toy-count", {"text": "one"}, "labels")],
)
def test_nothing_can_be_chosen_where_nothing_is_searched_for(
    client: TestClient, name: str, body: dict[str, Any], what: str
) -> None:
    options = {"beam_size": 2, "repetition_guard": False}
    response = post(client, name, **body, options=options, return_alignments=True)
    message = f"is not for {name}: it writes {what}, and nothing is searched for"
    pointers = ["/options/beam_size", "/options/repetition_guard", "/return_alignments"]
    expected = sorted((pointer, message) for pointer in pointers)
    status, code, fields = problem(response)
    assert (status, code, sorted(fields)) == (422, "unsupported_option", expected)
    assert post(client, name, **body, options={}).status_code == 200


@pytest.mark.parametrize("name", ["none", "..", "%2e%2e", "a b", "\u2603", "toy-means%00"])
def test_an_unknown_model_is_404(client: TestClient, name: str) -> None:
    response = post(client, name, values=[1, 2])
    assert response.status_code == 404
    assert response.json()["code"] in ("unknown_model", "not_found")


def test_deep_nests_and_many_numbers_are_refused_without_harm(client: TestClient) -> None:
    deep = '{"values": ' + "[" * 500 + "]" * 500 + "}"
    headers = {"content-type": "application/json"}
    path = "/v1/models/toy-means/generate"
    status, code, _ = problem(client.post(path, content=deep, headers=headers))
    assert (status, code) == (422, "invalid_request")
    assert problem(post(client, values=[0] * 200_000))[:2] == (422, "too_long")
    assert problem(post(client, values=[0] * 600_000))[:2] == (413, "too_large")


def test_numbers_that_run_over_are_told_and_not_sent(serve: Serve) -> None:
    class Overflowing(FakeEngine):
        def answer(self, item: Any) -> Any:
            result = super().answer(item)
            return type(result)((), 2, ((1.0,), (float("inf"),), (2.0,)))

    client = serve(series(Overflowing()))
    expected = [("/values/1", "leads to numbers that are not finite")]
    both = client.post("/v1/models/toy-means/generate", json={"values": [[1, 2], [3e38, 3e38]]})
    assert problem(both) == (422, "invalid_request", [("/values/0", expected[0][1])])
    stream = client.post("/v1/models/toy-means/generate/stream", json={"values": [1, 2]})
    *pieces, end = events(stream)
    assert [piece["values"] for piece in pieces] == [[1.0]]
    assert (end["type"], end["error"]["code"]) == ("error", "invalid_request")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (EngineFailure("broken"), 500, "engine_failure"),
        (DeadlineExceeded("late"), 504, "deadline_exceeded"),
    ],
)
def test_what_fails_in_the_engine_is_told(
    serve: Serve, error: Exception, status: int, code: str
) -> None:
    client = serve(series(FakeEngine(error=error)))
    assert problem(post(client, values=[1, 2])) == (status, code, [])


def test_a_full_engine_says_when_to_come_again(serve: Serve) -> None:
    client = serve(series(FakeEngine(refusal=Overloaded("full", retry_after=3.0))))
    for path in ("generate", "generate/stream"):
        response = client.post(f"/v1/models/toy-means/{path}", json={"values": [1, 2]})
        assert (response.status_code, response.headers["retry-after"]) == (503, "3")


def test_a_list_that_could_never_fit_is_refused_for_good(serve: Serve) -> None:
    client = serve(series())  # 8 rows decode at once, 8 may wait
    expected = "holds 17 series, 17 rows at 1 each; the limit is 16 rows: send at most 16 series"
    status, code, ((pointer, message),) = problem(post(client, values=[[1, 2]] * 17))
    assert (status, code, pointer) == (422, "invalid_request", "/values")
    assert message.startswith(expected)


def test_a_stream_of_numbers_adds_up_to_the_answer(client: TestClient) -> None:
    body = {"values": [[1, 2, 3], [4, 5]]}
    response = client.post("/v1/models/toy-means/generate/stream", json=body)
    *pieces, done = events(response)
    told: list[list[float]] = [[], []]
    for piece in pieces:
        assert piece.pop("type") == "values"
        told[piece["index"]] += piece["values"]
    assert told == [[3.0, 2.0, 1.0], [5.0, 4.0]]
    assert len(pieces) == 5
    assert done["type"] == "done"
    assert done["timings"]["first_token_ms"] > 0
    assert done["result"] == post(client, **body).json()


def test_streams_of_texts_and_labels_end_with_the_answer(client: TestClient) -> None:
    for name, texts in (("toy-en-fr", "three two one"), ("toy-count", "")):
        path = f"/v1/models/{name}/generate/stream"
        *pieces, done = events(client.post(path, json={"text": "one two three"}))
        assert "".join(piece["text"] for piece in pieces) == texts
        assert ("first_token_ms" in done["timings"]) == bool(texts)
        assert done["result"] == post(client, name, text="one two three").json()


def test_deadlines_and_bulk_reach_the_engine(serve: Serve) -> None:
    engine = FakeEngine()
    client = serve(series(engine))
    post(client, values=[1, 2], priority="bulk", deadline_ms=5000)
    post(client, values=[1, 2])
    assert engine.bulk == [True, False]
    first, second = (deadline or 0.0 for deadline in engine.deadlines)
    assert first < second


def test_metrics_and_the_log_know_the_route_by_its_pattern(client: TestClient) -> None:
    post(client, values=[1, 2])
    lines = client.get("/metrics").text.splitlines()
    route = 'route="/v1/models/{name}/generate"'
    assert f'dragoman_requests_total{{code="",method="POST",{route},status="200"}} 1.0' in lines
    assert 'dragoman_tokens_total{model="toy-means",side="source"} 2.0' in lines
