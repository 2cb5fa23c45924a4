"""What training leaves behind: a folder with recipe, weights, vocabulary and history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from scripts.training.config import Recipe

FACTS = "run.json"
R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True)
class Run(Generic[R]):
    """A finished run; `command` has one line for each stage of the training."""

    folder: Path
    recipe: R
    command: str

    @property
    def tokenizer(self) -> Path:
        """The joint vocabulary."""
        return self.folder / "tokenizer.json"

    @property
    def history(self) -> list[dict[str, float]]:
        """One row for each validation."""
        rows: list[dict[str, float]] = json.loads((self.folder / "history.json").read_text("utf-8"))
        return rows


def load_run(folder: Path) -> Run[Recipe]:
    """Read what `write_facts` wrote."""
    return read_run(folder, Recipe)


def read_run(folder: Path, kind: type[R]) -> Run[R]:
    """Read what `write_facts` wrote of a recipe of that kind."""
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    return Run(folder, kind.model_validate(facts["recipe"]), "\n".join(facts["commands"]))


def task_of(folder: Path) -> str:
    """Return the task of a run's recipe."""
    return str(json.loads((folder / FACTS).read_text(encoding="utf-8"))["recipe"]["task"])


def commands_of(folder: Path) -> tuple[str, ...]:
    """Return how the weights of a run were made, one command for each stage."""
    return tuple(json.loads((folder / FACTS).read_text(encoding="utf-8"))["commands"])


def write_facts(
    folder: Path, recipe: BaseModel, command: str, resumed: bool, before: Sequence[str] = ()
) -> None:
    """Write down how the run is made; `before` made the weights that it begins with.

    A run that is resumed with another recipe has one more stage: the command of the stage before
    is kept, with the settings that it had and the next one has not.
    """
    path, now = folder / FACTS, recipe.model_dump(mode="json")
    commands = [*before, command]
    if resumed and path.exists():
        written = json.loads(path.read_text(encoding="utf-8"))
        *earlier, last = written["commands"]
        commands = [*earlier, last]
        other = _differences(written["recipe"], now)
        if other:
            commands = [*earlier, f"{last}  # with {', '.join(other)}", f"{command} --resume"]
    facts = {"recipe": now, "commands": commands}
    path.write_text(json.dumps(facts, indent=1), encoding="utf-8")


def _differences(before: Any, now: Any, place: str = "") -> list[str]:
    """Return `key = value` for each value of `before` that `now` has not."""
    if isinstance(before, list) and isinstance(now, list):
        before, now = dict(enumerate(before)), dict(enumerate(now))
    if isinstance(before, dict) and isinstance(now, dict):
        inner = [(f"{place}.{key}".lstrip("."), key) for key in before]
        return [text for at, key in inner for text in _differences(before[key], now.get(key), at)]
    return [] if before == now else [f"{place} = {json.dumps(before, ensure_ascii=False)}"]
