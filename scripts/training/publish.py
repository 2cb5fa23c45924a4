"""From SavedModels to a verified artifact: measured as a draft, then written with what came out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.artifacts.manifest import Golden, Manifest, Metric
from app.artifacts.store import Artifact
from app.artifacts.writer import write_artifact
from scripts.training.card import write_card
from scripts.training.run import Run


@dataclass(frozen=True)
class Findings:
    """What a draft tells: its figures, its golden examples, and how its pictures are drawn.

    `draw` writes them into a folder, the loss curve among them, and returns the card's lines about
    the others.
    """

    metrics: tuple[Metric, ...]
    golden: tuple[Golden, ...]
    draw: Callable[[Path], list[str]]


def publish(
    run: Run[Any],
    build: Callable[[Path], Manifest],
    study: Callable[[Artifact], Findings],
    check: Callable[[Artifact], None],
    out: Path,
    *,
    replace: bool,
) -> Artifact:
    """Write `out/<name>/<version>/` from `run`.

    Args:
        run: what was trained.
        build: writes the SavedModels into a folder; returns a manifest without figures.
        study: measures the draft, which is an artifact like any other but for its card.
        check: raises if the reloaded artifact does not say what the draft said.
        out: where artifacts stand.
        replace: put it in the place of one that is there.

    Raises:
        ArtifactError: the version exists already and `replace` is false.
    """
    recipe = run.recipe
    draft_root, built = _emptied(run.folder / "draft"), _emptied(run.folder / "built")
    manifest = build(built)

    def copy(folder: Path) -> None:
        shutil.copytree(built, folder, dirs_exist_ok=True)

    place = Path(recipe.name, str(recipe.version))
    draft = write_artifact(draft_root / place, manifest, copy, lambda _: None)
    found = study(draft)
    manifest = manifest.model_copy(update={"metrics": found.metrics, "golden": found.golden})

    def fill(folder: Path) -> None:
        copy(folder)
        card = write_card(manifest, recipe.limits, found.draw(folder))
        (folder / "README.md").write_text(card, encoding="utf-8")

    artifact = write_artifact(out / place, manifest, fill, check, replace=replace)
    shutil.rmtree(draft_root)
    return artifact


def _emptied(folder: Path) -> Path:
    """Return `folder`, made anew with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
