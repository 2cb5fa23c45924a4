"""Pictures and their captions: cleaned, viewed with care, batched whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.text.tokenizer import Tokenizer
from scripts.training.captiondata import CaptionData, make_vocabulary
from scripts.training.captions import clean, split_pictures
from scripts.training.drawings import DRAWINGS, draw
from scripts.training.features import FeatureStore
from scripts.training.images import PLAIN, View, choose_view, look, read_image
from scripts.training.model.images import ImageEncoder
from tests.fakes.pictures import caption_recipe, use_tiny_backbone, write_pictures


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("A man 's dog , wet , jumps .", "a man's dog wet jumps"),
        ('Two "T-shirts" ; 3 people !', "two t-shirts 3 people"),
        ("...", ""),
    ],
)
def test_a_caption_is_its_words_in_lower_case(caption: str, words: str) -> None:
    assert clean(caption) == words


def test_view_0_is_the_picture_and_view_1_its_mirror_image() -> None:
    assert choose_view(1, 0, 5, may_flip=True) == PLAIN
    assert choose_view(1, 1, 5, may_flip=True) == View(flipped=True)


def test_a_picture_whose_captions_name_a_side_is_never_flipped() -> None:
    views = [
        choose_view(1, number, place, may_flip=False) for number in range(6) for place in range(9)
    ]
    assert not any(view.flipped for view in views)
    assert len(set(views)) == 1 + 5 * 9  # and every other view is one of its own


def test_a_view_is_cropped_flipped_and_stretched() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[:, 2:] = 200
    image = Image.fromarray(pixels)
    assert look(image, 4, View(flipped=True)).tolist() == pixels[:, ::-1].tolist()
    right = look(image, 2, View(box=(0.5, 0.0, 1.0, 1.0)))
    assert (right.shape, right.min(), right.max()) == ((2, 2, 3), 200, 200)
    assert look(image, 4, View(light=(0.5, 1.0, 1.0))).max() == 100


def test_pictures_come_with_all_their_captions(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    pictures = split_pictures(caption_recipe(), tmp_path, "train")
    assert len(pictures) == 15
    assert pictures[1].captions == (
        "a green patch",
        "there is green and nothing else",
        "green on the left",
    )
    assert [picture.flippable for picture in pictures[:2]] == [True, False]
    assert read_image(pictures[0].path, 8).shape == (8, 8, 3)
    (tmp_path / "images").rename(tmp_path / "photographs")
    with pytest.raises(FileNotFoundError, match="the folder `images` beside their table"):
        split_pictures(caption_recipe(), tmp_path, "train")


def test_rare_words_are_unknown_and_capitals_are_not(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    recipe = caption_recipe(tokenizer={"kind": "word", "vocabulary": 64, "min_count": 6})
    tokenizer = Tokenizer(make_vocabulary(recipe, split_pictures(recipe, tmp_path, "train")))
    ids = tokenizer.encode("A Red patch on the LEFT")
    assert [id_ == 3 for id_ in ids] == [False, False, False, False, False, True]
    assert tokenizer.decode(ids[:3]) == "a red patch"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CaptionData:
    use_tiny_backbone(monkeypatch)
    write_pictures(tmp_path)
    recipe = caption_recipe(data={"views": 3})
    encoder = ImageEncoder(recipe.encoder, 0.0)
    store = FeatureStore(recipe, tmp_path, tmp_path, encoder)
    assert len(store.missing()) == 4
    store.compute()
    assert store.missing() == []
    train, validation = (split_pictures(recipe, tmp_path, split) for split in ("train", "val"))
    backend = make_vocabulary(recipe, train)
    return CaptionData(recipe, backend, train, validation, store.open("train"), store.open("val"))


def test_features_are_of_the_views_and_follow_from_the_weights(
    data: CaptionData, tmp_path: Path
) -> None:
    encoder = ImageEncoder(data.recipe.encoder, 0.0)
    store = FeatureStore(data.recipe, tmp_path, tmp_path, encoder)
    assert len(store.missing()) == 4  # other weights: other features
    plain, flipped, cropped = data.kept.views
    assert [view.shape for view in data.kept.views] == [(15, 2, 2, 6)] * 3
    assert not np.array_equal(plain[0], flipped[0])
    assert not np.array_equal(plain[1], cropped[1])
    taken = data.kept.take(np.array([0, 2]), np.array([3, 4]))
    assert taken.tolist() == [plain[3].tolist(), cropped[4].tolist()]


def test_an_epoch_holds_every_caption_once_beside_its_picture(data: CaptionData) -> None:
    batches = list(data.epoch_batches(0))
    assert len(batches) == data.steps_per_epoch
    tokenizer, seen = Tokenizer(data.backend), []
    for batch in batches:
        assert batch.places is not None
        assert (
            batch.inputs.shape
            == batch.labels.shape
            == (len(batch.places), 3, batch.labels.shape[2])
        )
        for place, features, inputs, labels in zip(
            batch.places, batch.source, batch.inputs, batch.labels, strict=True
        ):
            texts = [tokenizer.decode([i for i in row if i > 2]) for row in labels.tolist()]
            if place < 0:
                assert not labels.any()
                continue
            assert any(np.array_equal(features, view[place]) for view in data.kept.views)
            assert tuple(filter(None, texts)) == data.train[place].captions
            real = labels[:, 0] > 0
            assert (inputs[real, 0] == 1).all()
            assert (inputs[:, 1:][labels[:, 1:] > 0] == labels[:, :-1][labels[:, 1:] > 0]).all()
            seen.append(int(place))
    assert sorted(seen) == list(range(15))
    again = list(data.epoch_batches(0))
    assert all(np.array_equal(a.source, b.source) for a, b in zip(batches, again, strict=True))


@pytest.mark.parametrize("name", sorted(DRAWINGS))
def test_a_drawing_has_the_size_that_is_asked_for(name: str) -> None:
    pixels = draw(name, 224, 200)
    assert (pixels.shape, pixels.dtype) == ((224, 200, 3), np.uint8)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20
