"""Language tags: how a model of several target languages is told which one to write.

Every output begins with the tag of its language (Johnson et al. 2017, there before the source): the
decoder is fed the start token and then the tag, in training as in service, and nobody asks it to
predict the tag. It is a control token of the vocabulary, which no text encodes to.
"""

from __future__ import annotations

from app.text.tokenizer import Tokenizer
from scripts.training.config import Data

Ids = tuple[int, ...]


def tag(language: str) -> str:
    """Return the token that stands for `language`: `<2fr>` for `fr`."""
    return f"<2{language}>"


def tags(data: Data) -> tuple[str, ...]:
    """Return the tags that the vocabulary needs; none where there is one target language."""
    languages = data.target_languages
    return tuple(tag(language) for language in languages) if len(languages) > 1 else ()


def prefixes(data: Data, tokenizer: Tokenizer) -> dict[str, Ids]:
    """Return by target language the ids that its outputs begin with: the tag's, or none.

    Raises:
        ValueError: the vocabulary, that of `--init` perhaps, lacks a tag.
    """
    languages = data.target_languages
    if len(languages) == 1:
        return {languages[0]: ()}
    try:
        return {language: (tokenizer.control_id(tag(language)),) for language in languages}
    except ValueError as error:
        raise ValueError(f"{error}: start from a model of these languages, or none") from error
