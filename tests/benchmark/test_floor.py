from __future__ import annotations

from typing import Any

from scripts.benchmark.floor import Floor, Product, encoder_products, step_products

ARCHITECTURE: dict[str, Any] = {
    "model": {"embedding": 256},
    "encoder": {"kind": "transformer", "layers": 3, "units": 256, "feed_forward": 1024},
    "decoder": {"cell": "lstm", "layers": 2, "units": 256},
}


def multiplications(products: list[Product]) -> int:
    """Return how many there are for one row."""
    return sum(product.inner * product.outer * product.count for product in products)


def test_a_step_multiplies_what_the_shipped_decoder_does() -> None:
    cells = 4 * 256 * (256 + 256) + 4 * 256 * (512 + 256)
    attention, readout, vocabulary = 2 * 10 * 256, 512 * 256, 256 * 6000
    found = multiplications(step_products(ARCHITECTURE, 6000, width=10))
    assert found == cells + attention + readout + vocabulary


def test_the_encoder_multiplies_for_each_token() -> None:
    layer = 4 * 256 * 256 + 2 * 256 * 1024 + 2 * 10 * 256
    assert multiplications(encoder_products(ARCHITECTURE, width=10)) == 3 * layer


def test_the_second_floor_shares_the_encoder_among_the_steps() -> None:
    floor = Floor(rows=64, width=12, steps=10.0, products_s=0.002, engine_s=0.003, encoder_s=0.02)
    assert floor.tokens_per_s == 32_000
    assert floor.with_encoder == 640 / 0.04
