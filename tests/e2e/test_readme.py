"""What the README shows is what the shipped model answers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.e2e.process import ROOT, Served

README = (ROOT / "README.md").read_text(encoding="utf-8")
CALL = re.compile(
    r"^\$ curl http://127\.0\.0\.1:8000(?P<path>\S+).*?-d '(?P<body>.*?)'\n(?P<answer>.*?)^```",
    re.DOTALL | re.MULTILINE,
)


def test_the_call_in_the_readme_gets_the_answer_in_the_readme(tmp_path: Path) -> None:
    shown = CALL.search(README)
    assert shown is not None
    models = ROOT / "models"
    with Served("app", tmp_path / "log", models=models, precision="float32") as server:
        server.until("/readyz", None)
        status, answer = server.ask("POST", shown["path"], json.loads(shown["body"]))
    assert status == 200
    wanted = json.loads(shown["answer"])
    for mine, theirs in zip(wanted["translations"], answer["translations"], strict=True):
        assert mine.pop("score") == pytest.approx(theirs.pop("score"), abs=1e-3)
    assert answer == wanted


def test_the_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE))
    assert {"run"} <= targets
    assert [name for name in sorted(targets) if f"\n{name}: " not in makefile] == []
    scripts = set(re.findall(r"scripts/\w+\.py|scripts/recipes/[\w-]+\.toml", README))
    assert [name for name in sorted(scripts) if not (ROOT / name).exists()] == []


def test_the_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
