"""A real artifact so small that a person can check it: it counts in French, word by word.

Ids: 0 `<pad>`, 1 `<s>`, 2 `</s>`, 3 `<unk>`, 4 … 13 `one` … `ten`, 14 … 23 `un` … `dix`.
The decoder reads one source word a step. For an English number with id w it aims at id w + 10, for
anything else (the end token, or beyond the source) at 2, the end:

    logits[v] = -2·|v - aim| + 0.5·[v = 4 + (sum of the ids fed so far, with this step's) mod 20]

so that `one two three` (ids 4 5 6, then 2) becomes 14 15 16 and the end, `un deux trois`; the
second term never changes the best id, but makes log-probabilities depend on the whole history.
Attention is 1 at the word that is read. States: `state_position` int32 [batch] and `state_sum`
float32 [batch, 1].

The toy that summarizes is the same, reads 7 words, and spells 14 … 23 as `ONE` … `TEN`.

The toy that captions looks at an image of 8 x 8 pixels in four cells of 4 x 4, row by row. A cell's
mean colour, each of red, green and blue being on or off, gives the id 3 + 4·red + 2·green + blue of
a "word", which is read as above: `blue` … `white`, and black ends the caption.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, pre_tokenizers

from app.artifacts.manifest import (
    Generation,
    Golden,
    LanguagePair,
    Licence,
    Limits,
    Manifest,
    Signature,
    Signatures,
    Tensor,
    TextProcessing,
    TokenDecoding,
    Training,
)
from app.artifacts.store import Artifact
from app.artifacts.writer import write_artifact
from app.text.tokenizer import BOS, EOS, PAD, SPECIAL_TOKENS, UNK
from tests.fakes.saving import save

ENGLISH = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
FRENCH = ("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")
SOURCE_WORDS = (*SPECIAL_TOKENS, *ENGLISH)
TARGET_WORDS = (
    *SPECIAL_TOKENS,
    *(f"en:{word}" for word in ENGLISH),
    *FRENCH,
)  # two `six` otherwise
HEADLINE_WORDS = (*TARGET_WORDS[: -len(FRENCH)], *(word.upper() for word in ENGLISH))
COLOURS = ("blue", "green", "cyan", "red", "magenta", "yellow", "white")
COLOUR_WORDS = (*TARGET_WORDS[: -len(FRENCH)], *COLOURS, "seen:8", "seen:9", "seen:10")
SIDE = 8  # of the image that the toy looks at, in pixels
GRID = 2  # cells across it
FIRST_ENGLISH, SHIFT = len(SPECIAL_TOKENS), len(ENGLISH)
VOCABULARY = len(TARGET_WORDS)
CYCLE = 20


def _manifest(name: str, version: int) -> Manifest:
    tokens = Tensor(dtype="int32", axes=("batch", "source"))
    values = Tensor(dtype="float32", axes=("batch", "source", 1))
    mask = Tensor(dtype="bool", axes=("batch", "source"), pad=False)
    states = {
        "state_position": Tensor(dtype="int32", axes=("batch",)),
        "state_sum": Tensor(dtype="float32", axes=("batch", 1)),
    }
    encoded = {"memory_mask": mask, "memory_values": values, **states}
    stepped = {
        "attention": Tensor(dtype="float32", axes=("batch", "source")),
        "logits": Tensor(dtype="float32", axes=("batch", VOCABULARY)),
        **states,
    }
    token = {"token": Tensor(dtype="int32", axes=("batch",))}
    return Manifest(
        name=name,
        version=version,
        task="translate",
        summary="Counts to ten in French; for tests.",
        languages=(LanguagePair(source="en", target="fr"),),
        source_kind="text",
        target_kind="text",
        architecture={"family": "toy"},
        parameters=1,
        signatures=Signatures(
            encode=Signature(inputs={"tokens": tokens}, outputs=encoded),
            step=Signature(inputs={**token, **encoded}, outputs=stepped),
        ),
        decoding=TokenDecoding(bos=BOS, eos=EOS, never=(PAD, BOS, UNK)),
        limits=Limits(max_source=32, max_target=64),
        generation=Generation(beam_size=2),
        text=TextProcessing(tokenizer="word", source_file="source.json", target_file="target.json"),
        golden=(Golden(input="one two three", options={"beam_size": 1}, output="un deux trois"),),
        licences=(Licence(dataset="none", licence="Apache-2.0", commercial_use=True),),
        commercial_use=True,
        training=Training(command="none", revision="none", seed=0, recipe="none"),
    )


def _summarizer(name: str, version: int) -> Manifest:
    changes = {
        "task": "summarize",
        "summary": "Shouts what it reads; for tests.",
        "languages": (LanguagePair(source="en", target="en"),),
        "limits": Limits(max_source=8, max_target=16),
        "golden": (
            Golden(input="one two three", options={"beam_size": 1}, output="ONE TWO THREE"),
        ),
    }
    return _manifest(name, version).model_copy(update=changes)


def _captioner(name: str, version: int, grid: int = GRID) -> Manifest:
    text = _manifest(name, version)
    image = {"image": Tensor(dtype="uint8", axes=("batch", SIDE, SIDE, 3))}
    encode = text.signatures.encode.model_copy(update={"inputs": image})
    changes = {
        "task": "caption",
        "summary": "Names the colours of four cells; for tests.",
        "languages": (LanguagePair(source="und", target="en"),),
        "source_kind": "image",
        "signatures": text.signatures.model_copy(update={"encode": encode}),
        "limits": Limits(max_source=grid * grid, max_target=4 * GRID * GRID),
        "text": TextProcessing(tokenizer="word", target_file="target.json", append_eos=False),
        "golden": (),
    }
    return text.model_copy(update=changes)


def word_tokenizer(words: Sequence[str], tags: Sequence[str] = ()) -> Backend:
    """Return a tokenizer of words and marks; ids are places in `words`, `tags` are control.

    As `scripts.training.tokenizer.train_word` makes it: `one` is kept as `▁one`, with its space.
    """
    control = [*SPECIAL_TOKENS, *tags]
    entries = [word if word in control else f"▁{word}" for word in words]
    vocabulary = {entry: index for index, entry in enumerate(entries)}
    backend = Backend(models.WordLevel(vocabulary, unk_token=SPECIAL_TOKENS[UNK]))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()]
    )
    backend.decoder = decoders.Metaspace()
    backend.add_special_tokens(control)
    return backend


def _write_models(folder: Path, grid: int | None) -> None:
    importlib.import_module("app.engine.session")  # first: it decides how Keras is loaded
    import tensorflow as tf

    # A variable in each model proves that the engine keeps the loaded roots alive.
    shift = tf.Variable(float(SHIFT))
    slope = tf.Variable(-2.0)

    def look(image: Any) -> dict[str, Any]:
        assert grid is not None
        shape = [-1, grid, SIDE // grid, grid, SIDE // grid, 3]
        cells = tf.reduce_mean(tf.reshape(tf.cast(image, tf.float32), shape), axis=[2, 4])
        on = tf.cast(cells > 127.5, tf.int32)  # [batch, grid, grid, 3]
        colour = tf.reshape(tf.reduce_sum(on * [4, 2, 1], axis=-1), [-1, grid * grid])
        return encode(tf.where(colour > 0, FIRST_ENGLISH - 1 + colour, EOS))

    def encode(tokens: Any) -> dict[str, Any]:
        rows = tf.shape(tokens)[0]
        return {
            "memory_values": tf.cast(tokens, tf.float32)[:, :, None] + 0.0 * shift,
            "memory_mask": tf.not_equal(tokens, PAD),
            "state_position": tf.zeros([rows], tf.int32),
            "state_sum": tf.zeros([rows, 1], tf.float32),
        }

    def step(
        token: Any, memory_values: Any, memory_mask: Any, state_position: Any, state_sum: Any
    ) -> dict[str, Any]:
        place = tf.one_hot(state_position, tf.shape(memory_mask)[1])
        attention = place * tf.cast(memory_mask, tf.float32)
        word = tf.reduce_sum(attention * memory_values[:, :, 0], axis=1)
        aim = tf.where(word >= float(FIRST_ENGLISH), word + shift, float(EOS))
        total = state_sum + tf.cast(token, tf.float32)[:, None]
        ids = tf.range(VOCABULARY, dtype=tf.float32)[None, :]
        bonus = tf.equal(ids, float(FIRST_ENGLISH) + tf.math.floormod(total, float(CYCLE)))
        logits = slope * tf.abs(ids - aim[:, None]) + 0.5 * tf.cast(bonus, tf.float32)
        return {
            "logits": logits,
            "attention": attention,
            "state_position": state_position + 1,
            "state_sum": total,
        }

    spec = tf.TensorSpec
    tokens = spec([None, None], tf.int32, "tokens")
    image = spec([None, SIDE, SIDE, 3], tf.uint8, "image")
    read = (look, [image]) if grid else (encode, [tokens])
    save(folder / "encoder", "encode", *read, [shift])
    steps = [
        spec([None], tf.int32, "token"),
        spec([None, None, 1], tf.float32, "memory_values"),
        spec([None, None], tf.bool, "memory_mask"),
        spec([None], tf.int32, "state_position"),
        spec([None, 1], tf.float32, "state_sum"),
    ]
    save(folder / "decoder", "step", step, steps, [shift, slope])


def write_toy_artifact(root: Path, name: str = "toy-en-fr", version: int = 1) -> Artifact:
    """Write the toy model to `root/name/version` and return it, opened; takes a second or two."""
    return _write(root, _manifest(name, version), TARGET_WORDS)


def write_toy_summarizer(root: Path, name: str = "toy-headline-en", version: int = 1) -> Artifact:
    """Write the toy model that summarizes, as `write_toy_artifact` does the one that translates."""
    return _write(root, _summarizer(name, version), HEADLINE_WORDS)


def write_toy_captioner(root: Path, name: str = "toy-colours", grid: int = GRID) -> Artifact:
    """Write the toy that captions images of `grid` x `grid` cells; `grid` divides 8."""
    return _write(root, _captioner(name, 1, grid), COLOUR_WORDS, grid)


def _write(
    root: Path, manifest: Manifest, target_words: Sequence[str], grid: int | None = None
) -> Artifact:
    def fill(folder: Path) -> None:
        _write_models(folder, grid)
        if grid is None:
            word_tokenizer(SOURCE_WORDS).save(str(folder / "source.json"))
        word_tokenizer(target_words).save(str(folder / "target.json"))
        (folder / "README.md").write_text(f"# Toy\n\n{manifest.summary}\n", encoding="utf-8")

    place = root / manifest.name / str(manifest.version)
    return write_artifact(place, manifest, fill, lambda _: None)
