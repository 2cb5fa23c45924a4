from __future__ import annotations

import http.client
import json
import select
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.process import Served

HELD = "tests.e2e.held_server"
REQUEST = {"text": "one two", "target": "fr"}
REQUESTS = {"translate": REQUEST, "summarize": {"text": "one two"}}


def logged(server: Served) -> list[dict[str, Any]]:
    lines = server.log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def begin(server: Served, task: str = "translate") -> http.client.HTTPConnection:
    """Send a request and wait until the engine has it."""
    connection = server.connection()
    headers = {"Content-Type": "application/json"}
    connection.request("POST", f"/v1/{task}", json.dumps(REQUESTS[task]), headers)
    assert server.said() == "entered"
    return connection


def test_running_requests_finish_while_new_ones_are_turned_away(tmp_path: Path) -> None:
    with Served(HELD, tmp_path / "log") as server:
        assert server.line == f"Dragoman: open http://localhost:{server.port}/"
        server.until("/readyz", None)
        running = begin(server)
        server.terminate()
        assert server.until("/readyz", "draining") == 503
        status, answer = server.ask("POST", "/v1/translate", REQUEST)
        assert (status, answer["code"]) == (503, "draining")
        assert server.ask("GET", "/livez") == (200, {"status": "ok"})
        server.release()
        response = running.getresponse()
        text = json.loads(response.read())["translations"][0]["text"]
        running.close()
        assert (response.status, text) == (200, "two one")
        assert server.ended() == 0
        requests = [line for line in logged(server) if line["message"] == "request"]
        assert [line["status"] for line in requests if line["items"]] == [200]


def test_what_still_runs_when_time_is_up_is_turned_away(tmp_path: Path) -> None:
    with Served(HELD, tmp_path / "log", drain=0.2) as server:
        server.until("/readyz", None)
        running = begin(server)
        server.terminate()
        response = running.getresponse()
        code = json.loads(response.read())["code"]
        running.close()
        assert (response.status, code) == (503, "draining")
        assert server.said() == "cancelled"
        assert server.ended() == 0


def test_an_idle_service_ends_at_once(tmp_path: Path) -> None:
    with Served(HELD, tmp_path / "log") as server:
        server.until("/readyz", None)
        server.terminate()
        assert server.ended() == 0


@pytest.mark.parametrize("task", REQUESTS)
def test_a_client_that_leaves_gives_its_rows_back(tmp_path: Path, task: str) -> None:
    with Served(HELD, tmp_path / "log") as server:
        server.until("/readyz", None)
        begin(server, task).close()
        assert server.said() == "cancelled"
        server.terminate()
        assert server.ended() == 0
        (line,) = [line for line in logged(server) if line.get("route") == f"/v1/{task}"]
        assert (line["status"], line["code"], line["items"]) == (499, "cancelled", 1)


def begin_stream(
    server: Served, task: str = "translate"
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """Open a stream and wait until its first piece is there."""
    connection = server.connection()
    headers = {"Content-Type": "application/json"}
    connection.request("POST", f"/v1/{task}/stream", json.dumps(REQUESTS[task]), headers)
    response = connection.getresponse()
    assert json.loads(response.readline().removeprefix(b"data: "))["text"] == "two"
    assert server.said() == "streamed"
    return connection, response


@pytest.mark.parametrize("task", REQUESTS)
def test_a_client_that_leaves_a_stream_gives_its_rows_back(tmp_path: Path, task: str) -> None:
    with Served(HELD, tmp_path / "log") as server:
        server.until("/readyz", None)
        connection, response = begin_stream(server, task)
        response.close()
        connection.close()
        assert server.said() == "cancelled"
        server.terminate()
        assert server.ended() == 0
        (line,) = [one for one in logged(server) if one.get("route") == f"/v1/{task}/stream"]
        assert (line["status"], line["code"], line["items"]) == (200, "cancelled", 1)


def test_a_stream_that_draining_cuts_ends_with_an_error(tmp_path: Path) -> None:
    with Served(HELD, tmp_path / "log", drain=0.2) as server:
        server.until("/readyz", None)
        connection, response = begin_stream(server)
        server.terminate()
        last = response.read().strip().splitlines()[-1]
        connection.close()
        end = json.loads(last.removeprefix(b"data: "))
        assert (end["type"], end["error"]["code"]) == ("error", "draining")
        assert server.ended() == 0
        (line,) = [one for one in logged(server) if one.get("route") == "/v1/translate/stream"]
        assert (line["status"], line["code"]) == (200, "draining")


def test_a_second_signal_turns_away_what_still_runs(tmp_path: Path) -> None:
    with Served(HELD, tmp_path / "log", drain=3600) as server:
        server.until("/readyz", None)
        waiting = begin(server, "summarize")
        connection, response = begin_stream(server)
        server.terminate()
        assert server.until("/readyz", "draining") == 503
        server.terminate()
        assert refused(waiting) == (503, "draining")
        end = json.loads(response.read().strip().splitlines()[-1].removeprefix(b"data: "))
        connection.close()
        assert (end["type"], end["error"]["code"]) == ("error", "draining")
        assert server.ended() == 0
        assert "timeout graceful shutdown exceeded" not in server.log.read_text(encoding="utf-8")


def stop_in_the_middle(
    server: Served, path: str = "/v1/translate", sent: int = 10
) -> http.client.HTTPConnection:
    """Send `sent` bytes of a body, and no more of it."""
    connection = server.connection()
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(sent + 1))
    connection.endheaders(b" " * sent)
    return connection


def refused(connection: http.client.HTTPConnection) -> tuple[int, str]:
    response = connection.getresponse()
    code = json.loads(response.read())["code"]
    connection.close()
    return response.status, code


def in_work(server: Served) -> float:
    connection = server.connection()
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    (line,) = [line for line in lines if line.startswith("dragoman_requests_running ")]
    return float(line.split()[1])


@pytest.mark.parametrize("path", ["/v1/translate", "/v1/translate/stream", "/v1/caption"])
def test_a_body_that_does_not_come_ends_at_the_deadline(tmp_path: Path, path: str) -> None:
    with Served(HELD, tmp_path / "log", deadline=0.3) as server:
        server.until("/readyz", None)
        assert refused(stop_in_the_middle(server, path)) == (504, "deadline_exceeded")


def test_bodies_that_do_not_come_give_back_what_they_held(tmp_path: Path) -> None:
    url, body = "/v1/caption", {"images": "a" * 600}
    with Served(HELD, tmp_path / "log", deadline=1.0, image_memory=1024) as server:
        server.until("/readyz", None)
        stalled = stop_in_the_middle(server, url, sent=600)
        codes = set()
        while not select.select([stalled.sock], [], [], 0)[0]:
            codes.add(server.ask("POST", url, body)[1]["code"])
        assert "overloaded" in codes
        assert refused(stalled) == (504, "deadline_exceeded")
        assert server.ask("POST", url, body)[1]["code"] == "unreadable_image"


def test_a_body_that_does_not_come_is_turned_away_when_draining_takes_too_long(
    tmp_path: Path,
) -> None:
    with Served(HELD, tmp_path / "log", drain=0.2) as server:
        server.until("/readyz", None)
        stalled = stop_in_the_middle(server)
        while in_work(server) < 2:
            pass  # this question is one of them
        server.terminate()
        assert refused(stalled) == (503, "draining")
        assert server.ended() == 0


def test_a_slow_request_does_not_hold_up_others(tmp_path: Path) -> None:
    with Served(HELD, tmp_path / "log") as server:
        server.until("/readyz", None)
        running = begin(server)
        answers: list[int] = []
        others = [
            threading.Thread(target=lambda: answers.append(server.ask("GET", "/v1/models")[0]))
            for _ in range(4)
        ]
        for other in others:
            other.start()
        for other in others:
            other.join()
        assert answers == [200] * 4
        server.release()
        assert running.getresponse().status == 200
        running.close()


def test_refused_models_end_the_start_with_a_clear_message(tmp_path: Path) -> None:
    with Served("app", tmp_path / "log", models=tmp_path) as server:
        assert server.ended() == 1
        last = server.log.read_text(encoding="utf-8").splitlines()[-1]
        assert last == (
            f"dragoman: cannot start: {tmp_path} holds no model; "
            "set DRAGOMAN_MODELS to a folder of models"
        )


def test_a_port_that_is_taken_ends_the_start_with_what_to_set(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Served(HELD, tmp_path / "log", port=port) as server:
            assert server.ended() == 1
    assert server.log.read_text(encoding="utf-8").splitlines()[-1] == (
        f"dragoman: cannot start: cannot listen on 127.0.0.1:{port}; "
        "set DRAGOMAN_HOST and DRAGOMAN_PORT to a place that is free"
    )


def test_a_wrong_setting_ends_the_start_with_its_name(tmp_path: Path) -> None:
    with Served("app", tmp_path / "log", max_rows=0) as server:
        assert server.ended() == 1
        assert server.log.read_text(encoding="utf-8") == (
            "dragoman: DRAGOMAN_MAX_ROWS: Input should be greater than or equal to 1\n"
        )
