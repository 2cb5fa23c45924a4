"""What the service answers, as frozen values.

Fields that a newer service adds are ignored; those that have a default here may be absent.
"""

from __future__ import annotations

from dragoman_client.results.caption import Attention, Caption, Word
from dragoman_client.results.generation import (
    Generated,
    GeneratedLabels,
    GeneratedText,
    GeneratedValues,
    Generation,
    Label,
)
from dragoman_client.results.model import (
    ImageInput,
    Language,
    LanguagePair,
    Licence,
    Limits,
    Metric,
    Model,
    SeriesShape,
    TargetLanguage,
)
from dragoman_client.results.output import Alternative, ModelVersion, Output, Piece, Series, Usage
from dragoman_client.results.text import Alignment, Read, Summary, TextOutput, Translation

__all__ = [
    "Alignment",
    "Alternative",
    "Attention",
    "Caption",
    "Generated",
    "GeneratedLabels",
    "GeneratedText",
    "GeneratedValues",
    "Generation",
    "ImageInput",
    "Label",
    "Language",
    "LanguagePair",
    "Licence",
    "Limits",
    "Metric",
    "Model",
    "ModelVersion",
    "Output",
    "Piece",
    "Read",
    "Series",
    "SeriesShape",
    "Summary",
    "TargetLanguage",
    "TextOutput",
    "Translation",
    "Usage",
    "Word",
]
