"""Text becomes ids and back, and never becomes a control token, whatever kind the vocabulary is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as Backend
from tokenizers import models, pre_tokenizers

from app.text.normalizer import normalize
from app.text.tokenizer import BOS, EOS, PAD, SPECIAL_TOKENS, UNK, Tokenizer
from scripts.training.tokenizer import TRAINERS

TAG = "<2fr>"  # of a language
CONTROL_LITERALS = ("<pad>", "<s>", "</s>", "<unk>", TAG, "<0x41>", "[CLS]", "<|endoftext|>")
BYTES = ("subword", "elided")
SENTENCES = (
    "Hello, world! How are you?",
    "C'est bien ! L'homme (dit-il) boit : « non ».",
    "It's 12 o'clock; she can't wait...",
)
# The control tokens' own text is frequent here, so that a trainer could learn it as one piece.
CORPUS = [*SENTENCES, *CONTROL_LITERALS, "".join(CONTROL_LITERALS), "a </s> b <pad>"] * 20


def reload(kind: str, folder: Path) -> Tokenizer:
    """Return a tokenizer of `kind` that was trained on CORPUS, saved and loaded."""
    path = folder / f"{kind}.json"
    backend = TRAINERS[kind](CORPUS, 420)
    backend.add_special_tokens([TAG])
    backend.save(str(path))
    return Tokenizer.load(path)


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tokenizer]:
    """One tokenizer of each kind."""
    folder = tmp_path_factory.mktemp("tokenizers")
    return {kind: reload(kind, folder) for kind in TRAINERS}


@pytest.fixture(params=sorted(TRAINERS))
def tokenizer(request: pytest.FixtureRequest, tokenizers: dict[str, Tokenizer]) -> Tokenizer:
    """Each kind in turn."""
    return tokenizers[request.param]


@pytest.fixture(params=sorted(set(TRAINERS) - {"tagged", "plain"}))
def exact(request: pytest.FixtureRequest, tokenizers: dict[str, Tokenizer]) -> Tokenizer:
    """Each kind that keeps what it reads.

    `tagged` makes one tag of every Latin word, `plain` does not look at spaces.
    """
    return tokenizers[request.param]


def test_control_tokens_have_the_first_ids(tokenizer: Tokenizer) -> None:
    assert tokenizer.pieces([PAD, BOS, EOS, UNK]) == list(SPECIAL_TOKENS)


@pytest.mark.parametrize("literal", CONTROL_LITERALS)
@pytest.mark.parametrize("around", ["{}", "a {} b", "a{}b", "{}{}", "{}.", " {} "])
def test_literal_control_text_never_becomes_a_control_token(
    tokenizer: Tokenizer, literal: str, around: str
) -> None:
    ids = tokenizer.encode(around.replace("{}", literal))
    assert not {PAD, BOS, EOS, tokenizer.control_id(TAG)} & set(ids)


@pytest.mark.parametrize("literal", CONTROL_LITERALS)
def test_literal_control_text_round_trips(exact: Tokenizer, literal: str) -> None:
    text = f"a {literal} b"
    assert exact.decode(exact.encode(text)) == text


@pytest.mark.parametrize("sentence", SENTENCES)
def test_known_text_decodes_exactly(exact: Tokenizer, sentence: str) -> None:
    assert exact.decode(exact.encode(sentence)) == sentence


def test_plain_words_are_the_same_whatever_the_spaces(tokenizers: dict[str, Tokenizer]) -> None:
    plain = tokenizers["plain"]
    ids = plain.encode("Hello, world! It's 12.")
    assert ids == plain.encode("  Hello ,world !  It's 1 2 .")
    assert plain.decode(ids) == "Hello , world ! It 's 1 2 ."
    (found,) = plain.encode_beginnings(["Hello, world!"], 2)
    assert (found.ids, found.characters) == (ids[:2], len("Hello,"))


@pytest.mark.parametrize(
    "text",
    [
        "漢字かな交じり文",
        "मराठी भाषा",
        "👩‍💻 works 🎉",
        "Ω≈ç√ ​x",
        "zzz 12,345.67",
        "\u2581_\u0120x",
    ],
)
@pytest.mark.parametrize("kind", BYTES)
def test_subwords_round_trip_text_they_never_saw(
    tokenizers: dict[str, Tokenizer], kind: str, text: str
) -> None:
    ids = tokenizers[kind].encode(text)
    assert UNK not in ids
    assert tokenizers[kind].decode(ids) == text


@pytest.mark.parametrize("kind", BYTES)
def test_subwords_round_trip_everything(tokenizers: dict[str, Tokenizer], kind: str) -> None:
    subword = tokenizers[kind]

    @given(st.text() | st.text(st.sampled_from("lstdé' \u2060\u2019")))
    def round_trip(raw: str) -> None:
        text = normalize(raw)
        ids = subword.encode(text)
        assert all(UNK < i < subword.vocabulary_size for i in ids)
        assert subword.decode(ids) == text

    round_trip()


def test_subwords_part_digits_without_spaces_between(tokenizers: dict[str, Tokenizer]) -> None:
    subword = tokenizers["subword"]
    assert subword.pieces(subword.encode("a 12.")) == ["Ġa", "Ġ1", "2", "."]


def test_a_word_after_an_elision_is_the_word_it_is_elsewhere() -> None:
    corpus = ["L'eau et l'homme d'une femme. Une eau, un homme ; it's, can't."] * 2
    elided = Tokenizer(TRAINERS["elided"](corpus, 420))
    homme, une, eau = (elided.encode(word)[0] for word in ("homme", "une", "eau"))
    elision = elided.encode("l'homme")[0]
    assert elided.encode("l'homme l'eau") == [elision, homme, elision, eau]
    assert elided.encode("d'une")[1:] == [une]
    assert elided.decode([elision]) == "l'"
    assert elided.decode(elided.encode("' l'' l' eau 'l'eau'")) == "' l'' l' eau 'l'eau'"
    begun = elided.encode_beginnings(["l'homme d'une"], 2)[0]
    assert begun.characters == len("l'homme")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [("it's", ["Ġit", "'s"]), ("they've", ["Ġthey", "'ve"]), ("l'sel", ["Ġl'âģł", "Ġsel"])],
)
def test_an_english_contraction_is_no_elision(text: str, pieces: list[str]) -> None:
    elided = Tokenizer(TRAINERS["elided"]([text] * 2, 420))
    assert elided.pieces(elided.encode(text)) == pieces


def test_characters_keep_their_spaces(tokenizers: dict[str, Tokenizer]) -> None:
    char = tokenizers["char"]
    assert char.pieces(char.encode("a b!")) == ["a", " ", "b", "!"]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [("word", "Hello, zebra! world", "Hello,! world"), ("char", "Hello漢!", "Hello!")],
)
def test_what_a_closed_vocabulary_lacks_is_unknown_and_left_out(
    tokenizers: dict[str, Tokenizer], kind: str, text: str, expected: str
) -> None:
    ids = tokenizers[kind].encode(text)
    assert ids.count(UNK) == 1
    assert tokenizers[kind].decode(ids) == expected


def test_words_keep_the_space_before_them(tokenizers: dict[str, Tokenizer]) -> None:
    word = tokenizers["word"]
    pieces = ["▁It", "'", "s", "▁12", "▁o", "'", "clock", ";"]
    assert word.pieces(word.encode("It's 12 o'clock;")) == pieces


def test_decoding_leaves_control_tokens_out(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("Hello, world!")
    tag = tokenizer.control_id(TAG)
    assert tokenizer.decode([BOS, tag, *ids, EOS, PAD, PAD]) == tokenizer.decode(ids) != ""
    assert tokenizer.decode([]) == ""


def test_a_control_token_is_found_by_its_name_and_nothing_else_is(tokenizer: Tokenizer) -> None:
    assert tokenizer.control_id("</s>") == EOS
    assert tokenizer.pieces([tokenizer.control_id(TAG)]) == [TAG]
    for other in ("<2mr>", "<unk>", "a"):
        with pytest.raises(ValueError, match="no control token"):
            tokenizer.control_id(other)


def test_a_word_that_is_spelt_like_a_tag_is_unknown() -> None:
    words = (*SPECIAL_TOKENS, "one", TAG)
    vocabulary = {word: place for place, word in enumerate(words)}
    backend = Backend(models.WordLevel(vocabulary, unk_token=SPECIAL_TOKENS[UNK]))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.add_special_tokens([*SPECIAL_TOKENS, TAG])
    assert Tokenizer(backend).encode(f"one {TAG}") == [4, UNK]


def test_a_batch_encodes_as_its_texts_do_one_by_one(tokenizer: Tokenizer) -> None:
    texts = [*SENTENCES, "", "x"]
    assert tokenizer.encode_batch(texts) == [tokenizer.encode(text) for text in texts]


def test_a_batch_decodes_as_its_ids_do_one_by_one(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode_batch([*SENTENCES, ""])
    assert tokenizer.decode_batch(ids) == [tokenizer.decode(one) for one in ids]


def test_the_beginning_of_a_text_is_its_first_ids_and_what_they_spell(exact: Tokenizer) -> None:
    for text in [*SENTENCES, ""]:
        ids = exact.encode(text)
        for room in (1, 3, 10_000):
            (found,) = exact.encode_beginnings([text], room)
            assert (found.ids, found.of_tokens) == (ids[:room], len(ids))
            assert text[: found.characters].strip() == exact.decode(ids[:room])


def test_tags_count_the_characters_that_they_stand_for(tokenizers: dict[str, Tokenizer]) -> None:
    (found,) = tokenizers["tagged"].encode_beginnings(["world 12 a"], 3)
    assert (found.of_tokens, found.characters) == (5, len("world 12"))


def test_padding_and_truncation_kept_in_the_file_are_switched_off(tmp_path: Path) -> None:
    backend = TRAINERS["char"](CORPUS, 420)
    backend.enable_padding(length=50)
    backend.enable_truncation(max_length=2)
    backend.save(str(tmp_path / "padded.json"))
    tokenizer = Tokenizer.load(tmp_path / "padded.json")
    assert tokenizer.decode(tokenizer.encode("Hello")) == "Hello"
    assert [len(row) for row in tokenizer.encode_batch(["Hello", "a"])] == [5, 1]


def test_a_lone_surrogate_is_a_type_error(tokenizer: Tokenizer) -> None:
    """So `app.tasks.text.check_text` must refuse it before."""
    with pytest.raises(TypeError):
        tokenizer.encode("a\ud800b")


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"nothing\.json"):
        Tokenizer.load(tmp_path / "nothing.json")


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b"\xff\xfe\x00"])
def test_a_file_that_is_no_tokenizer_is_a_value_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"not a tokenizers file|can't decode"):
        Tokenizer.load(path)
