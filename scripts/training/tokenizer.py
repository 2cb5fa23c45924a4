"""Build a vocabulary from text: byte-level subwords, words, or characters."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from app.text.tokenizer import SPECIAL_TOKENS, UNK

_UNK = SPECIAL_TOKENS[UNK]


def train_subword(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Train byte-level BPE (Sennrich et al. 2016, over bytes): no input is unrepresentable."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def train_word(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Keep the most frequent words and punctuation marks; the rest become `<unk>`."""
    tokenizer = Tokenizer(models.WordLevel(unk_token=_UNK))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()]
    )
    trainer = trainers.WordLevelTrainer(
        vocab_size=vocabulary, special_tokens=list(SPECIAL_TOKENS), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def train_char(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Keep the most frequent characters, the space among them; the rest become `<unk>`."""
    tokenizer = Tokenizer(models.WordLevel(unk_token=_UNK))
    tokenizer.normalizer = normalizers.Sequence([])
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.decoder = decoders.Fuse()
    trainer = trainers.WordLevelTrainer(
        vocab_size=vocabulary, special_tokens=list(SPECIAL_TOKENS), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


TRAINERS = {"subword": train_subword, "word": train_word, "char": train_char}
