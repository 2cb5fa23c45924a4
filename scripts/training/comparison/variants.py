"""What is compared: how each variant differs from the recipe that they have in common."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.training.model.attention import ATTENTIONS

BASE = Path(__file__).resolve().parents[2] / "recipes/compare-en-fr.toml"
Keys = dict[str, dict[str, str]]

UNATTENDED = ("feedback", "peek")
VARIANTS: dict[str, Keys] = {
    "feedback": {"decoder": {"conditioning": "feedback", "attention": "none"}},
    "peek": {"decoder": {"conditioning": "peek", "attention": "none"}},
    **{name: {"decoder": {"attention": name}} for name in ATTENTIONS},
    "transformer": {
        "encoder": {"kind": "transformer"},
        "decoder": {"kind": "transformer", "attention": "multi-head"},
    },
    "gru": {"encoder": {"cell": "gru"}, "decoder": {"cell": "gru"}},
    "simple-rnn": {"encoder": {"cell": "simple_rnn"}, "decoder": {"cell": "simple_rnn"}},
}


def write_variant(name: str, folder: Path, base: Path = BASE) -> Path:
    """Write the recipe of a variant, which names `base` and says how it differs; return its path.

    Raises:
        KeyError: there is no such variant.
    """
    lines = [f"base = {json.dumps(str(base))}", f'name = "compare-{name}"']
    for section, keys in VARIANTS[name].items():
        lines += [f"[{section}]", *(f"{key} = {json.dumps(keys[key])}" for key in keys)]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"compare-{name}.toml"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path
