from __future__ import annotations

from app.engine.observer import Observer
from app.observability.metrics import Metrics


def test_an_engine_is_observed() -> None:
    metrics = Metrics()
    observer: Observer = metrics.observer("m")
    observer.step(3, 4, 0.25)
    observer.encoded(2, 0.5)
    observer.admitted(4, 0.125)
    observer.finished("length", 9)
    lines = metrics.render().decode().splitlines()
    for line in (
        'dragoman_step_rows_sum{model="m"} 3.0',
        'dragoman_step_seconds_sum{model="m"} 0.0625',
        'dragoman_encode_seconds_sum{model="m"} 0.5',
        'dragoman_wait_seconds_sum{model="m"} 0.125',
        'dragoman_items_finished_total{model="m",reason="length"} 1.0',
        'dragoman_items_finished_total{model="m",reason="stop"} 0.0',
    ):
        assert line in lines


def test_two_services_count_apart() -> None:
    one, two = Metrics(), Metrics()
    one.answered("m", 1, 2, 3)
    assert 'dragoman_items_total{model="m"} 1.0' in one.render().decode()
    assert "dragoman_items_total{" not in two.render().decode()
