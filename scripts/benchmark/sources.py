"""What a model is measured on: test items of its task, or its golden examples.

A request carries a picture as the file that it is, in base64, so that the service decodes it.
"""

from __future__ import annotations

import base64
import io
import json
import random
from pathlib import Path
from typing import Any

from PIL import Image

from app.artifacts.manifest import Manifest
from scripts.benchmark.sentences import sentences
from scripts.training.asking import Source, pixels
from scripts.training.pairs import read_table

ARTICLES = {
    "en": Path("summarization/reuters.en.tsv.gz"),
    "zh": Path("summarization/xwlb.zh.tsv.gz"),
}
CAPTIONS = Path("captioning/flickr8k/captions.tsv.gz")
ROUTES = {"summarize": "/v1/summarize", "caption": "/v1/caption"}
MOST = 500


def sources_of(manifest: Manifest, data: Path | None) -> list[Source]:
    """Return up to 500 distinct test items of the model's task, mixed the same way every time.

    Without the table under `data` they are the inputs of the model's golden examples; sentences to
    translate, those of `sentences`.
    """
    if manifest.task == "translate":
        texts = sentences(data)
        random.Random(0).shuffle(texts)  # noqa: S311 - not a secret
        return list[Source](texts[:MOST])
    picture = manifest.source_kind == "image"
    table = CAPTIONS if picture else ARTICLES.get(manifest.languages[0].source)
    if data is None or table is None or not (data / table).exists():
        return [example.input for example in manifest.golden]
    rows = (row for row in read_table(data / table) if row.get("split") == "test")
    found = list(dict.fromkeys(row["image" if picture else "text"] for row in rows))
    random.Random(0).shuffle(found)  # noqa: S311 - not a secret
    if picture:
        return [(data / table).parent / "images" / name for name in found[:MOST]]
    return list[Source](found[:MOST])


def body_of(source: Source, manifest: Manifest) -> str:
    """Return the request that asks the service for `source`, by the model's own options.

    Raises:
        OSError: a picture cannot be read.
    """
    asked: dict[str, Any] = {"model": manifest.name}
    if manifest.source_kind == "image":
        asked["images"] = base64.b64encode(_file(source, manifest)).decode("ascii")
    else:
        asked |= {"text": source, "language": manifest.languages[0].source}
    return json.dumps(asked)


def _file(source: Source, manifest: Manifest) -> bytes:
    if isinstance(source, Path):
        return source.read_bytes()
    drawn = io.BytesIO()
    Image.fromarray(pixels(source, manifest)).save(drawn, "JPEG", quality=90)
    return drawn.getvalue()
