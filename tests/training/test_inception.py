"""InceptionV3 behind the seam is that of `keras.applications`, in three stages."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from scripts.training.model.inception import InceptionV3


# Keras' own writing of HDF5 files, with NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_stages_together_are_the_network_whose_weights_are_in_a_file(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    network = keras.applications.InceptionV3(
        include_top=False, weights=None, input_shape=(299, 299, 3)
    )
    network.save_weights(tmp_path / "inception.weights.h5")
    backbone = InceptionV3()
    backbone.load(tmp_path / "inception.weights.h5")
    image = np.random.default_rng(0).integers(0, 256, (1, 299, 299, 3)).astype(np.uint8)
    wanted = ops.convert_to_numpy(network(image / np.float32(127.5) - 1.0))
    lower = backbone.lower(image, 1)
    assert lower.shape[1:] == backbone.shape_at(1)
    found = ops.convert_to_numpy(backbone.upper(lower, 1))
    assert found.shape[1:] == backbone.shape_at(3) == (8, 8, 2048)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    backbone.freeze(2)
    names = {variable.path.split("/")[0] for variable in backbone.trainable_variables}
    assert 0 < len(names) < 40


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"what encoder\.weights names"):
        InceptionV3().load(tmp_path / "none.h5")
