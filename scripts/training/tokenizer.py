"""Build a vocabulary from text: byte-level subwords, words, or characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from app.text.tokenizer import JOINED, SPECIAL_TOKENS, UNK
from scripts.training.config import TokenizerSection

_UNK = SPECIAL_TOKENS[UNK]
_LETTERS = r"\p{L}\p{M}\u200c\u200d"
_ELISION = Regex(rf"(?<=[{_LETTERS}])'(?!(?:[sdmt]|ll|ve|re)\b)(?=[{_LETTERS}])")
_PIECES = rf"'(?:[sdmt]|ll|ve|re)| ?[{_LETTERS}]+| ?\p{{N}}| ?[^\s\p{{N}}{_LETTERS}]+|\s+"
_ELIDED_PIECES = rf" ?[{_LETTERS}]+'{JOINED}|{_PIECES}"
_MARKS = Regex(rf"'(?:[sdmt]|ll|ve|re)\b|[{_LETTERS}]+|\p{{N}}|[^\p{{N}}{_LETTERS}]")
TAGS = ("⟨date⟩", "⟨number⟩", "⟨name⟩")


def train_subword(texts: Iterable[str], vocabulary: int, min_count: int = 1) -> Tokenizer:
    """Train byte-level BPE (Sennrich et al. 2016, over bytes): no input is unrepresentable.

    A piece is a word with its marks (of Devanagari, say), a digit or a run of punctuation, each
    with the space before it; merges stay within pieces. `In 2013, हिंदी.` is ` In`, ` 2`, `0`, `1`,
    `3`, `,`, ` हिंदी`, `.`.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Prepend(" ")
    tokenizer.decoder = decoders.ByteLevel()
    return _train_bpe(tokenizer, _PIECES, texts, vocabulary, min_count)


def train_elided(texts: Iterable[str], vocabulary: int, min_count: int = 1) -> Tokenizer:
    """Train as `train_subword`, but a word after an elision is the word that it is elsewhere.

    `l'homme d'une` is ` l'`, ` homme`, ` d'`, ` une`, where `train_subword` has ` l`, `'`, `homme`
    and so on: a second vector for every such noun. English `it's` stays ` it`, `'s`.
    """
    tokenizer = Tokenizer(models.BPE())
    apart = normalizers.Replace(_ELISION, f"'{JOINED} ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(" "), apart])
    together = [decoders.Replace(f"{JOINED} ", ""), decoders.Replace(JOINED, "")]
    tokenizer.decoder = decoders.Sequence([decoders.ByteLevel(), *together])
    return _train_bpe(tokenizer, _ELIDED_PIECES, texts, vocabulary, min_count)


def _train_bpe(
    tokenizer: Tokenizer, pieces: str, texts: Iterable[str], vocabulary: int, min_count: int
) -> Tokenizer:
    """Let the merges of `tokenizer` stay within `pieces`, a pattern, and learn them."""
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pieces), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=max(2, min_count),
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def train_word(texts: Iterable[str], vocabulary: int, min_count: int = 1) -> Tokenizer:
    """Keep the most frequent words and punctuation marks; the rest become `<unk>`.

    A word keeps the space before it as `▁`, so that known words decode to the very text.
    """
    tokenizer = Tokenizer(models.WordLevel(unk_token=_UNK))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()]
    )
    tokenizer.decoder = decoders.Metaspace()
    return _most_frequent(tokenizer, texts, vocabulary, min_count)


def train_char(texts: Iterable[str], vocabulary: int, min_count: int = 1) -> Tokenizer:
    """Keep the most frequent characters, the space among them; the rest become `<unk>`."""
    tokenizer = Tokenizer(models.WordLevel(unk_token=_UNK))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.decoder = decoders.Fuse()
    return _most_frequent(tokenizer, texts, vocabulary, min_count)


def train_tagged(texts: Iterable[str], vocabulary: int, min_count: int = 1) -> Tokenizer:
    """Keep characters as `train_char` does, but one tag for each date, number and Latin name.

    The tags are the tokenizer's own normaliser, so that serving sets them too. `3月5日` is a date.
    """
    tokenizer = Tokenizer(models.WordLevel(unk_token=_UNK))
    tokenizer.decoder = decoders.Fuse()
    tokenizer.normalizer = normalizers.Sequence(
        [
            # Names first: a tag's own letters must not become another tag.
            normalizers.Replace(Regex(r"[A-Za-z][A-Za-z0-9.&'-]*"), TAGS[2]),
            normalizers.Replace(Regex(r"\d+年(\d+月)?(\d+日)?|\d+月(\d+日)?|\d+日"), TAGS[0]),
            normalizers.Replace(Regex(r"\d+([.,:]\d+)*[%％]?"), TAGS[1]),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("|".join(TAGS) + r"|[\s\S]"), "isolated")
    return _most_frequent(tokenizer, texts, vocabulary, min_count)


def train_plain(texts: Iterable[str], vocabulary: int, min_count: int = 1) -> Tokenizer:
    """Keep the most frequent words, digits and marks, whatever the spaces between them.

    For models that write no text: decoding sets a space between any two. `It isn't bad .`
    and `It isn't bad.` are both `It`, `isn`, `'t`, `bad`, `.`.
    """
    tokenizer = Tokenizer(models.WordLevel(unk_token=_UNK))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(_MARKS, "isolated")]
    )
    return _most_frequent(tokenizer, texts, vocabulary, min_count)


def _most_frequent(
    tokenizer: Tokenizer, texts: Iterable[str], vocabulary: int, min_count: int
) -> Tokenizer:
    """Fill a tokenizer of whole words with the most frequent ones, the first ids to the first."""
    trainer = trainers.WordLevelTrainer(
        vocab_size=vocabulary,
        min_frequency=min_count,
        special_tokens=list(SPECIAL_TOKENS),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


TRAINERS = {
    "subword": train_subword,
    "elided": train_elided,
    "word": train_word,
    "plain": train_plain,
    "char": train_char,
    "tagged": train_tagged,
}


def train_vocabulary(
    section: TokenizerSection, texts: Iterable[str], tags: Sequence[str] = ()
) -> Tokenizer:
    """Train the vocabulary that `section` describes on `texts`; `tags` are its last ids."""
    if section.lowercase:
        texts = (text.lower() for text in texts)
    size = section.vocabulary - len(tags)
    tokenizer = TRAINERS[section.kind](texts, size, section.min_count)
    if section.lowercase:
        own = [] if tokenizer.normalizer is None else [tokenizer.normalizer]
        tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *own])
    tokenizer.add_special_tokens(list(tags))
    return tokenizer
