from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from app.artifacts.manifest import TokenDecoding
from app.engine.request import DecodeOptions, Hypothesis, SequenceRequest, SequenceResult
from app.errors import UnsupportedOption
from app.tasks import task
from app.tasks.answer import Alignment, answer
from app.tasks.catalogue import Catalogue
from app.tasks.options import Options
from app.tasks.translate import TranslateJob, Translator, prepare
from tests.fakes.engine import FakeEngine
from tests.fakes.models import manifest, model, without_attention


def job(*texts: str, **changes: Any) -> TranslateJob:
    return TranslateJob(texts=texts, listed=True, target="fr", **changes)


def test_a_text_becomes_its_normalised_ids_and_the_end() -> None:
    prepared = prepare(job("  one\u00a0ten "), model())
    assert [item.source["tokens"].tolist() for item in prepared.items] == [[4, 13, 2]]
    assert prepared.items[0].source["tokens"].dtype == np.int32


def test_control_tokens_cannot_be_typed() -> None:
    (item,) = prepare(job("</s> one <pad>"), model()).items
    assert item.source["tokens"].tolist() == [*[3] * 5, 4, *[3] * 4, 2]


def test_outputs_stop_by_ratio_unless_told_otherwise() -> None:
    long = job("one " * 31, options=Options())
    told = job("one", options=Options(max_tokens=64))
    most = [prepare(each, model()).items[0].options.max_tokens for each in (long, told, job("one"))]
    assert most == [64, 64, 20]


def test_a_language_pair_may_have_its_prefix() -> None:
    decoding = TokenDecoding(bos=1, eos=2, prefixes={"en-fr": (7, 8)})
    pairs = (("de", "fr"), ("en", "fr"))
    served = model(pairs=pairs, decoding=decoding)
    prefixes = [
        prepare(job("one", source=source), served).items[0].options.prefix
        for source in ("EN", "de")
    ]
    assert prefixes == [(7, 8), ()]


def test_alignments_need_a_model_that_attends() -> None:
    blind = model(signatures=without_attention(manifest().signatures))
    with pytest.raises(UnsupportedOption) as raised:
        prepare(job("one", want_alignments=True), blind)
    assert [field.pointer for field in raised.value.fields] == ["/return_alignments"]


def test_an_alignment_drops_the_padding_of_its_batch() -> None:
    served = model()
    prepared = prepare(job("one", want_alignments=True), served)
    attention = np.array([[0.75, 0.25, 0.0, 0.0]], np.float32)
    result = SequenceResult((Hypothesis((5,), -1.0, -1.0, "stop", attention),), 2)
    assert answer(prepared, [result]).items[0].alignment == Alignment(
        (" one", "</s>"), (" two",), ((0.75, 0.25),)
    )


async def test_large_texts_are_tokenized_off_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[str] = []

    async def to_thread(function: object, *args: object) -> object:
        threads.append("used")
        return function(*args)  # type: ignore[operator]

    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    monkeypatch.setattr(task, "LARGE", 8)
    translator = Translator(Catalogue([model()]), max_items=9)
    await translator.prepare(job("one", "ten"))
    assert threads == []
    await translator.prepare(job("one", "ten", "two"))
    assert threads == ["used"]


async def test_cancelling_frees_the_rows() -> None:
    engine = FakeEngine(hold=True)
    translator = Translator(Catalogue([model(engine=engine)]), max_items=9)
    running = asyncio.create_task(translator.run(await translator.prepare(job("one")), None))
    await engine.entered.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [submission.cancelled for submission in engine.submissions] == [True]


async def test_many_results_are_turned_into_text_in_order() -> None:
    translator = Translator(Catalogue([model(max_waiting=99)]), max_items=99)
    texts = [f"one {'two ' * (n % 5)}" for n in range(65)]
    prepared = await translator.prepare(job(*texts, options=Options(beam_size=1)))
    done = await translator.run(prepared, None)
    expected = [" ".join(reversed(text.split())) for text in texts]
    assert [item.candidates[0].text for item in done.items] == expected


def test_the_fakes_satisfy_the_engines_contract() -> None:
    request = SequenceRequest({"tokens": np.array([4, 2], np.int32)}, DecodeOptions())
    assert FakeEngine().submit([request], deadline=None).items == [request]
