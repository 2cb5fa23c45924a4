"""EfficientNet-Lite in Keras computes what it computes in PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops
from numpy.typing import NDArray

from scripts.training.model.images import BACKBONES
from scripts.training.model.lite import EfficientNetLite, fold, fold_depthwise
from scripts.training.pth import read_pth

# Every 125th logit that torch 2.15 and efficientnet-lite-pytorch 0.1.0 give for `picture(size)`.
LOGITS = {
    (0, 224): (-0.43049, -0.84186, -0.27683, -1.40947, -0.20734, -0.54419, -0.74394, -0.02391),
    (2, 260): (-1.03505, -0.77346, 0.265, -1.83775, -1.34723, -1.39056, 0.10137, 0.16629),
}


def picture(size: int) -> NDArray[np.uint8]:
    """Return two ramps and a checkerboard, uint8 [size, size, 3]."""
    y, x = np.mgrid[:size, :size]
    board = (x // 16 + y // 16) % 2 * 255
    return np.stack([x * 255 // (size - 1), y * 255 // (size - 1), board], axis=-1).astype(np.uint8)


@pytest.mark.parametrize(("number", "size"), LOGITS)
def test_the_published_weights_give_the_logits_of_pytorch(number: int, size: int) -> None:
    network = BACKBONES[f"efficientnet-lite{number}"]()
    assert isinstance(network, EfficientNetLite)
    try:
        path = network.packaged()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    network.load(None)
    features = ops.convert_to_numpy(network.lower(picture(size)[None], len(network.stages)))
    assert features.shape == (1, -(-size // 32), -(-size // 32), 1280)
    arrays = read_pth(path)
    logits = features.mean(axis=(1, 2)) @ arrays["_fc.weight"].T + arrays["_fc.bias"]
    np.testing.assert_allclose(logits[0, ::125], LOGITS[number, size], atol=5e-5)


@pytest.mark.parametrize(
    ("name", "stages", "parameters", "middle"),
    [
        ("efficientnet-lite0", 18, 3_350_000, (7, 7, 192)),
        ("efficientnet-lite2", 23, 4_782_024, (7, 7, 208)),
    ],
)
def test_the_networks_have_the_published_sizes(
    name: str, stages: int, parameters: int, middle: tuple[int, int, int]
) -> None:
    network = BACKBONES[name]()
    assert (len(network.stages), network.count_params()) == (stages, parameters)
    assert network.shape_at(stages) == (7, 7, 1280)
    assert network.shape_at(stages - 5) == middle


def test_without_its_package_a_network_says_what_to_install() -> None:
    with pytest.raises(FileNotFoundError, match="pip install efficientnet-lite9-pytorch-model"):
        EfficientNetLite(9, width=0.1, depth=0.1).load(None)


def test_a_folded_convolution_is_the_convolution_and_its_norm() -> None:
    generator = np.random.default_rng(0)
    arrays = {"c.weight": generator.normal(size=(4, 3, 1, 1)), "d.weight": np.ones((4, 1, 2, 2))}
    for name in ("weight", "bias", "running_mean", "running_var"):
        arrays[f"n.{name}"] = generator.uniform(0.5, 2.0, 4)
    x = generator.normal(size=(5, 3))
    kernel, bias = fold(arrays, "c", "n")
    plain = x @ arrays["c.weight"][:, :, 0, 0].T - arrays["n.running_mean"]
    wanted = plain / np.sqrt(arrays["n.running_var"] + 1e-3) * arrays["n.weight"] + arrays["n.bias"]
    np.testing.assert_allclose(x @ kernel[0, 0] + bias, wanted, atol=1e-5)
    assert [array.shape for array in fold_depthwise(arrays, "d", "n")] == [(2, 2, 4, 1), (4,)]
