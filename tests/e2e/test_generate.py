"""Any model over HTTP: real artifacts of numbers, labels and texts in one real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dragoman_client import Dragoman, GeneratedLabels, GeneratedValues, InvalidRequest
from tests.e2e.process import Served
from tests.e2e.toys import served_toys


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from served_toys(tmp_path_factory, "translate", "series", "labels")


def generate(server: Served, name: str, **body: Any) -> tuple[int, Any]:
    return server.ask("POST", f"/v1/models/{name}/generate", body)


def test_each_model_answers_by_its_own_contract(server: Served) -> None:
    status, answer = generate(server, "toy-means", values=[[1, 2, 3], [0.25, 0.75]])
    assert status == 200
    assert answer["outputs"] == [{"values": [2, 4, 6, 8]}, {"values": [0.5, 1, 1.5, 2]}]
    _, answer = generate(server, "toy-count", text="one two three four")
    labels = answer["outputs"][0]["labels"]
    assert [one["label"] for one in labels] == ["four", "one", "nine"]
    assert sum(one["probability"] for one in labels) == pytest.approx(1.0, abs=1e-5)
    _, answer = generate(server, "toy-en-fr", text=["one two", "six"])
    assert [output["text"] for output in answer["outputs"]] == ["un deux", "six"]


def test_a_stream_of_numbers_adds_up_to_the_answer(server: Served) -> None:
    connection = server.connection()
    body = json.dumps({"values": [1, 2, 3]}).encode()
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/v1/models/toy-means/generate/stream", body, headers)
    data = connection.getresponse().read().decode()
    connection.close()
    lines = [line for line in data.splitlines() if line.startswith("data:")]
    *pieces, end = [json.loads(line.removeprefix("data:")) for line in lines]
    assert [number for piece in pieces for number in piece["values"]] == [2, 4, 6, 8]
    assert (end["type"], end["result"]["outputs"]) == ("done", [{"values": [2, 4, 6, 8]}])


def test_numbers_that_run_over_fail_alone(server: Served) -> None:
    status, answer = generate(server, "toy-means", values=[3e38, 3e38])
    assert (status, answer["code"]) == (422, "invalid_request")
    assert answer["errors"][0]["pointer"] == "/values"
    assert generate(server, "toy-means", values=[1, 1])[0] == 200


def test_the_client_speaks_to_it(server: Served) -> None:
    with Dragoman(f"http://127.0.0.1:{server.port}") as client:
        assert client.generate("toy-means", values=[1, 2, 3]).output == GeneratedValues(
            (2, 4, 6, 8)
        )
        stream = client.generate_stream("toy-means", values=[[1, 1], [2, 2]])
        told: list[list[float]] = [[], []]
        for piece in stream:
            told[piece.index] += piece.values
        assert told == [[1, 2, 3, 4], [2, 4, 6, 8]]
        assert stream.result.outputs[1] == GeneratedValues((2, 4, 6, 8))
        found = client.generate("toy-count", "one").output
        assert isinstance(found, GeneratedLabels)
        assert str(found) == "one"
        assert client.model("toy-means").series is not None
        with pytest.raises(InvalidRequest):
            client.generate("toy-means", values=["1", "2"])
