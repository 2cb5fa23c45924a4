"""The client against the real service in a process of its own, with a model that counts."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dragoman_client import (
    Alignment,
    AsyncDragoman,
    ConnectionFailed,
    Dragoman,
    InvalidRequest,
    LanguagePair,
    NotFound,
    Read,
    TooLong,
    Usage,
)
from tests.e2e.process import PATIENCE, ROOT, Served
from tests.fakes.images import cells, encode


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service that is ready, in a process of its own."""
    models = tmp_path_factory.mktemp("models")
    command = [
        sys.executable,
        "-m",
        "tests.e2e.toy_models",
        str(models),
        "translate",
        "summarize",
        "caption",
        "series",
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE)
    with Served("app", models / "log", host="127.0.0.1", models=models) as served:
        served.until("/readyz", None)
        yield f"http://127.0.0.1:{served.port}"
        served.terminate()
        assert served.ended() == 0


def test_a_text_and_a_list_are_translated(service: str) -> None:
    with Dragoman(service) as client:
        one = client.translate("one two three", target="fr")
        many = client.translate(["ten", "four five"], target="fr", source="en", beam_size=2)
    assert (one.text, one.finish_reason, one.model.name) == ("un deux trois", "stop", "toy-en-fr")
    assert [translation.text for translation in many] == ["dix", "quatre cinq"]


def test_alternatives_and_alignments_come_back(service: str) -> None:
    with Dragoman(service) as client:
        translation = client.translate(
            "one two", target="fr", beam_size=3, n_best=3, return_alignments=True
        )
    assert len(translation.alternatives) == 2
    assert translation.score > translation.alternatives[0].score
    assert isinstance(translation.alignment, Alignment)
    assert translation.alignment.target_tokens == (" un", " deux")
    assert [max(row) for row in translation.alignment.weights] == [1.0, 1.0]


def test_models_say_what_they_are(service: str) -> None:
    with Dragoman(service) as client:
        models = client.models()
        assert client.model("toy-en-fr") == models[1]
    assert [(model.name, model.task, model.state, model.languages) for model in models] == [
        ("toy-colours", "caption", "ready", (LanguagePair("und", "en"),)),
        ("toy-en-fr", "translate", "ready", (LanguagePair("en", "fr"),)),
        ("toy-headline-en", "summarize", "ready", (LanguagePair("en", "en"),)),
        ("toy-means", "generate", "ready", ()),
    ]


def test_texts_are_summarized_whole_and_in_a_stream(service: str) -> None:
    with Dragoman(service) as client:
        one = client.summarize("one two three " * 9, max_words=4)
        stream = client.summarize_stream(["ten", "four five"])
        pieces = ["", ""]
        for piece in stream:
            pieces[piece.index] += str(piece)
    assert (one.text, one.words, one.finish_reason) == ("ONE TWO THREE ONE", 4, "length")
    assert (one.language, one.read, one.read.whole) == ("en", Read(7, 27, 31, 125), False)
    assert pieces == [summary.text for summary in stream.results] == ["TEN", "FOUR FIVE"]


def test_images_are_captioned_whole_and_in_a_stream(service: str, tmp_path: Path) -> None:
    photo = encode(cells(width=640, height=480), "JPEG", quality=95)
    (tmp_path / "photo.jpg").write_bytes(photo)
    with Dragoman(service) as client:
        one = client.caption(tmp_path / "photo.jpg", return_attention=True)
        stream = client.caption_stream([photo, photo])
        pieces = ["", ""]
        for piece in stream:
            pieces[piece.index] += str(piece)
        with pytest.raises(InvalidRequest) as caught:
            client.caption([photo, photo[:999]])
    assert (one.text, one.usage) == ("red green blue white", Usage(0, 4, images=1))
    assert one.attention is not None
    assert [(word.text, word.weights) for word in one.attention.words][:2] == [
        ("red", ((1.0, 0.0), (0.0, 0.0))),
        ("green", ((0.0, 1.0), (0.0, 0.0))),
    ]
    assert pieces == [caption.text for caption in stream.results] == [one.text] * 2
    assert [error.pointer for error in caught.value.errors] == ["/images/1"]


def test_a_wrong_item_is_pointed_at(service: str) -> None:
    with Dragoman(service) as client, pytest.raises(InvalidRequest) as caught:
        client.translate(["one", ""], target="fr")
    assert [error.pointer for error in caught.value.errors] == ["/text/1"]
    assert (caught.value.status, len(caught.value.request_id)) == (422, 32)


def test_a_text_beyond_the_limit_is_too_long(service: str) -> None:
    with Dragoman(service) as client, pytest.raises(TooLong) as caught:
        client.translate("one " * 1000, target="fr")
    assert [error.pointer for error in caught.value.errors] == ["/text"]


def test_a_lone_surrogate_is_an_invalid_request(service: str) -> None:
    with Dragoman(service) as client, pytest.raises(InvalidRequest):
        client.translate("\ud800", target="fr")


def test_an_unknown_language_and_an_unknown_model_are_not_found(service: str) -> None:
    with Dragoman(service) as client:
        with pytest.raises(NotFound) as language:
            client.translate("one", target="tlh")
        with pytest.raises(NotFound) as model:
            client.model("nothing")
    assert (language.value.code, model.value.code) == ("unknown_language_pair", "unknown_model")


async def test_many_tasks_share_one_async_client(service: str) -> None:
    texts = ["one", "two three", "four five six", "seven"] * 4
    async with AsyncDragoman(service) as client:
        found = await asyncio.gather(*(client.translate(text, target="fr") for text in texts))
    assert [str(translation) for translation in found] == [
        "un",
        "deux trois",
        "quatre cinq six",
        "sept",
    ] * 4


def test_nobody_listening_is_a_failed_connection() -> None:
    with Dragoman("http://127.0.0.1:9", retries=0) as client, pytest.raises(ConnectionFailed):
        client.models()


BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "client/README.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(6))
def test_the_readme_runs(
    number: int,
    service: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(BLOCKS) == 6
    for name in ("photo.jpg", "other.png"):
        (tmp_path / name).write_bytes(encode(cells()))
    monkeypatch.chdir(tmp_path)
    code = BLOCKS[number].replace("http://127.0.0.1:8000", service)
    exec(code.replace("Dragoman()", f"Dragoman({service!r})"), {"__name__": "readme"})
    assert capsys.readouterr().out
