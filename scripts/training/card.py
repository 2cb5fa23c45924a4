"""The model card: a README that the export writes from the manifest."""

from __future__ import annotations

from collections.abc import Sequence

from app.artifacts.manifest import Manifest


def markdown_table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Return the lines of a table."""
    return [
        "| " + " | ".join(header) + " |",
        "|" + "---|" * len(header),
        # A bar ends a cell even inside code: it must be escaped.
        *("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows),
    ]


def _effort(manifest: Manifest) -> str:
    """Say how long the last command fitted; nothing where the run was not made by this project."""
    rows = manifest.training.history
    if not rows:
        return ""
    last = rows[-1]
    what = "Its last command:" if "--init" in manifest.training.command else ""
    return f"{what} {int(last['step']):,} batches in {last['seconds'] / 3600:.1f} hours.".strip()


def _figures(manifest: Manifest) -> list[str]:
    """Return the table of what was measured, with the target language where there are several."""
    header = ["data", "split", "metric", "decoding", "value", "signature"]
    rows = [
        [m.dataset, m.split, m.name, m.decoding, f"{m.value:g}", f"`{m.signature}`"]
        for m in manifest.metrics
    ]
    if any(metric.target for metric in manifest.metrics):
        header.insert(1, "into")
        for row, metric in zip(rows, manifest.metrics, strict=True):
            row.insert(1, metric.target)
    return markdown_table(header, rows)


def write_card(manifest: Manifest, limits: str, pictures: Sequence[str] = ()) -> str:
    """Return the card as Markdown.

    `limits` says what the model is not for; `pictures` are lines shown below the figures.
    """
    pairs = ", ".join(f"{pair.source} → {pair.target}" for pair in manifest.languages)
    lines = [
        f"# {manifest.name}, version {manifest.version}",
        "",
        f"{manifest.summary}. Task: {manifest.task}" + (f" ({pairs})." if pairs else "."),
        "",
        f"Commercial use: **{'yes' if manifest.commercial_use else 'no'}**, by the licences of the "
        "training data:",
        "",
        *markdown_table(
            ["data", "licence", "commercial use", "attribution"],
            [
                [x.dataset, x.licence, "yes" if x.commercial_use else "no", x.attribution]
                for x in manifest.licences
            ],
        ),
        "",
        "## Measured",
        "",
        *_figures(manifest),
        "",
        *pictures,
        "## Intended use and limits",
        "",
        limits,
        "",
        "## Architecture",
        "",
        f"{manifest.parameters:,} parameters.",
        "",
        *markdown_table(
            ["part", "setting"], [[k, f"`{v}`"] for k, v in manifest.architecture.items()]
        ),
        "",
        "## Training",
        "",
        "```sh",
        manifest.training.command,
        "```",
        "",
        f"At revision `{manifest.training.revision}`, seed {manifest.training.seed}. "
        + _effort(manifest),
        "",
        "![loss curve](curve.png)",
        "",
    ]
    return "\n".join(lines)
