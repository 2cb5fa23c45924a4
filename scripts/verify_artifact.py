"""Check model folders and decode their golden examples again, with the engine that serves."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue, TypeAdapter, ValidationError

from app.artifacts.manifest import Golden
from app.artifacts.store import Artifact, open_artifact
from app.engine.config import EngineConfig
from app.engine.cpus import available_cpus
from app.engine.observer import NullObserver
from app.errors import ArtifactError, DragomanError
from app.tasks.loaded import LoadedModel
from app.tasks.loading import load_model
from app.tasks.options import Options
from scripts.training.asking import output_of, requests_of

OPTIONS = TypeAdapter(Options)


@dataclass(frozen=True)
class Outcome:
    """What became of one golden example; `output` is None where decoding failed: see `problem`."""

    example: Golden
    output: JsonValue
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether the model still says what it said on export."""
        example = self.example
        return self.output is not None and agree(self.output, example.output, example.tolerance)

    def __str__(self) -> str:
        """Say all of it in one line."""
        options = " ".join(f"{name}={value}" for name, value in self.example.options.items())
        into = f" into {self.example.target}" if self.example.target else ""
        asked = f"{options or 'defaults'}{into}: {self.example.input!r}"
        if self.holds:
            return f"ok      {asked} -> {self.output!r}"
        if self.output is None:
            return f"FAILED  {asked}: {self.problem}"
        return f"DIFFERS {asked} -> {self.output!r}, on export {self.example.output!r}"


def agree(found: JsonValue, wanted: JsonValue, tolerance: float) -> bool:
    """Return whether two outputs are equal, but for numbers that differ by up to `tolerance`.

    >>> agree([["yes", 0.71]], [["yes", 0.7]], 0.02), agree("yes", "no", 0.02)
    (True, False)
    """
    if isinstance(found, list) and isinstance(wanted, list):
        pairs = zip(found, wanted, strict=False)
        return len(found) == len(wanted) and all(agree(a, b, tolerance) for a, b in pairs)
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return abs(found - wanted) <= tolerance
    return found == wanted


def read_options(example: Golden) -> Options:
    """Return how a golden example was decoded.

    Raises:
        ArtifactError: it has an option that is none.
    """
    unknown = sorted(set(example.options) - set(Options.__dataclass_fields__))
    if unknown:
        raise ArtifactError(f"unknown options {', '.join(unknown)}; export the model again")
    given: dict[str, JsonValue] = example.options
    try:
        return OPTIONS.validate_python(given)
    except ValidationError as error:
        raise ArtifactError(f"bad options: {error.errors()[0]['msg']}") from error


async def decode(example: Golden, model: LoadedModel) -> Outcome:
    """Decode one example alone, as a request of its own."""
    try:
        options = read_options(example)
        items = requests_of([example.input], model, options, listed=False, target=example.target)
        submission = model.engine.submit(items, deadline=None)
        (result,) = await submission.results()
    except DragomanError as error:
        fields = "; ".join(f"{field.pointer} {field.message}" for field in error.fields)
        return Outcome(example, None, f"{error.message} {fields}".strip())
    return Outcome(example, output_of(result, model))


def verify(artifact: Artifact) -> Iterator[Outcome]:
    """Yield the outcome of every golden example of `artifact`, in order.

    Raises:
        ArtifactError: it has no golden example, or cannot be loaded.
    """
    manifest = artifact.manifest
    if not manifest.golden:
        raise ArtifactError(f"{artifact.name} has no golden examples; name some in the recipe")
    cpus = available_cpus()
    config = EngineConfig(device="cpu", intra_threads=cpus, inter_threads=cpus)
    model = load_model(artifact, config, NullObserver())
    try:
        for example in manifest.golden:
            yield asyncio.run(decode(example, model))
    finally:
        model.engine.close()


def check(folder: Path) -> bool:
    """Verify one folder and print a line for each example; return whether all hold."""
    try:
        artifact = open_artifact(folder)
        outcomes = []
        for outcome in verify(artifact):
            print(outcome, flush=True)
            outcomes.append(outcome)
    except ArtifactError as error:
        print(f"{folder} is refused: {error.message}", file=sys.stderr)
        return False
    wrong = sum(not outcome.holds for outcome in outcomes)
    if wrong:
        print(
            f"{folder}: {wrong} of {len(outcomes)} golden examples come out differently; "
            "do not serve it: export it again, or compare the TensorFlow versions",
            file=sys.stderr,
        )
    else:
        print(f"{folder}: every file and all {len(outcomes)} golden examples are as exported")
    return not wrong


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="models/NAME/VERSION")
    folders = parser.parse_args().folders
    passed = [check(folder) for folder in folders]  # all of them, whatever the first one says
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
