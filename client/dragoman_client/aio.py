"""The asyncio client; its methods are those of `dragoman_client.client.Dragoman`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack, overload

from dragoman_client import tasks, wire
from dragoman_client.arguments import (
    CaptionArguments,
    GenerateArguments,
    SummarizeArguments,
    TranslateArguments,
)
from dragoman_client.connection import AsyncConnection
from dragoman_client.images import Image
from dragoman_client.results import Caption, Generation, Language, Model, Summary, Translation
from dragoman_client.stream import (
    AsyncCaptionStream,
    AsyncGenerationStream,
    AsyncSummaryStream,
    AsyncTranslationStream,
)


class AsyncDragoman(AsyncConnection):
    """Ask one service; for one event loop; `async with` or `close()` closes it.

    See `dragoman_client.connection.AsyncConnection` for the arguments.
    """

    @overload
    async def translate(
        self, text: str, *, timeout: float | None = None, **arguments: Unpack[TranslateArguments]
    ) -> Translation: ...

    @overload
    async def translate(
        self,
        text: list[str] | tuple[str, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[TranslateArguments],
    ) -> list[Translation]: ...

    async def translate(
        self,
        text: str | list[str] | tuple[str, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[TranslateArguments],
    ) -> Translation | list[Translation]:
        """Translate a text, or a list of texts as one batch (much faster than one by one).

        Args:
            text: a string gives one `Translation`, a list gives a list in the same order.
            timeout: seconds to wait for each try; None for the client's own.
            arguments: `target` and more, see `dragoman_client.arguments.TranslateArguments`.

        Raises:
            DragomanError: see `dragoman_client.errors` for the tree.
        """
        return await self._ask(tasks.TRANSLATE, text, arguments, timeout)

    async def translate_stream(
        self,
        text: str | list[str] | tuple[str, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[TranslateArguments],
    ) -> AsyncTranslationStream:
        """Translate like `translate`, and return the pieces as they are decided.

        What was refused is tried again before the first piece, never after it. `timeout` is the
        longest silence, not the whole time.

        Raises:
            DragomanError: the service did not begin; what breaks later, reading raises.
        """
        return AsyncTranslationStream(*await self._open(tasks.TRANSLATE, text, arguments, timeout))

    @overload
    async def summarize(
        self, text: str, *, timeout: float | None = None, **arguments: Unpack[SummarizeArguments]
    ) -> Summary: ...

    @overload
    async def summarize(
        self,
        text: list[str] | tuple[str, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[SummarizeArguments],
    ) -> list[Summary]: ...

    async def summarize(
        self,
        text: str | list[str] | tuple[str, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[SummarizeArguments],
    ) -> Summary | list[Summary]:
        """Summarize a text, or a list of texts as one batch (much faster than one by one).

        Of a text that is longer than the model reads, the beginning is read: see `Summary.read`.

        Args:
            text: a string gives one `Summary`, a list gives a list in the same order.
            timeout: seconds to wait for each try; None for the client's own.
            arguments: see `dragoman_client.arguments.SummarizeArguments`.

        Raises:
            DragomanError: see `dragoman_client.errors` for the tree.
        """
        return await self._ask(tasks.SUMMARIZE, text, arguments, timeout)

    async def summarize_stream(
        self,
        text: str | list[str] | tuple[str, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[SummarizeArguments],
    ) -> AsyncSummaryStream:
        """Summarize like `summarize`, and return the pieces as they are decided.

        Tries and `timeout` are those of `translate_stream`.

        Raises:
            DragomanError: the service did not begin; what breaks later, reading raises.
        """
        return AsyncSummaryStream(*await self._open(tasks.SUMMARIZE, text, arguments, timeout))

    @overload
    async def caption(
        self, image: Image, *, timeout: float | None = None, **arguments: Unpack[CaptionArguments]
    ) -> Caption: ...

    @overload
    async def caption(
        self,
        image: list[Image] | tuple[Image, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[CaptionArguments],
    ) -> list[Caption]: ...

    async def caption(
        self,
        image: Image | list[Image] | tuple[Image, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[CaptionArguments],
    ) -> Caption | list[Caption]:
        """Say what an image shows, or each of a list of images as one batch.

        Args:
            image: the bytes of a file (JPEG, PNG, WebP or GIF), its path, or the file opened in
                binary mode: gives one `Caption`. A list of them gives a list in the same order.
            timeout: seconds to wait for each try; None for the client's own.
            arguments: see `dragoman_client.arguments.CaptionArguments`.

        Raises:
            DragomanError: see `dragoman_client.errors` for the tree.
            OSError: a file cannot be read.
        """
        return await self._ask(tasks.CAPTION, image, arguments, timeout)

    async def caption_stream(
        self,
        image: Image | list[Image] | tuple[Image, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[CaptionArguments],
    ) -> AsyncCaptionStream:
        """Caption like `caption`, and return the pieces as they are decided.

        Tries and `timeout` are those of `translate_stream`.

        Raises:
            DragomanError: the service did not begin; what breaks later, reading raises.
        """
        return AsyncCaptionStream(*await self._open(tasks.CAPTION, image, arguments, timeout))

    async def generate(
        self,
        model: str,
        text: str | Sequence[str] | None = None,
        *,
        values: Sequence[object] | None = None,
        timeout: float | None = None,
        **arguments: Unpack[GenerateArguments],
    ) -> Generation:
        """Give any model what it reads, and get what it writes: texts, numbers or labels.

        Args:
            model: the model's name.
            text: for a model of texts: a string, or a list that is decoded as one batch.
            values: for a model of series: numbers (lists of them where a step has several), or a
                list of such series; a NumPy array as `array.tolist()`.
            timeout: seconds to wait for each try; None for the client's own.
            arguments: see `dragoman_client.arguments.GenerateArguments`.

        Raises:
            DragomanError: see `dragoman_client.errors` for the tree.
        """
        items = {"text": text, "values": values}
        found = await self._ask(tasks.generate(model), items, arguments, timeout)
        assert isinstance(found, Generation), "one request is one generation: this is a bug"
        return found

    async def generate_stream(
        self,
        model: str,
        text: str | Sequence[str] | None = None,
        *,
        values: Sequence[object] | None = None,
        timeout: float | None = None,
        **arguments: Unpack[GenerateArguments],
    ) -> AsyncGenerationStream:
        """Generate like `generate`, and return the pieces as they are decided.

        Tries and `timeout` are those of `translate_stream`.

        Raises:
            DragomanError: the service did not begin; what breaks later, reading raises.
        """
        items = {"text": text, "values": values}
        opened = await self._open(tasks.generate(model), items, arguments, timeout)
        return AsyncGenerationStream(*opened)

    async def models(self, *, timeout: float | None = None) -> list[Model]:
        """The models that are loaded."""
        return wire.read_models(*await self._send("GET", "/v1/models", None, timeout))

    async def model(self, name: str, *, timeout: float | None = None) -> Model:
        """One loaded model.

        Raises:
            NotFound: no model of that name is loaded.
        """
        return wire.read_model(*await self._send("GET", wire.model_path(name), None, timeout))

    async def languages(self, *, timeout: float | None = None) -> list[Language]:
        """What can be translated into what, and what can be summarized."""
        return wire.read_languages(*await self._send("GET", "/v1/languages", None, timeout))
