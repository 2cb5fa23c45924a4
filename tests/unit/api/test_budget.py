"""Bytes are held up to a limit, and given back."""

from __future__ import annotations

import pytest

from app.api.budget import Budget
from app.errors import Overloaded


def test_what_does_not_fit_is_refused_and_not_held() -> None:
    budget = Budget(10)
    budget.take(6)
    with pytest.raises(Overloaded) as caught:
        budget.take(5)
    assert (budget.held, caught.value.retry_after) == (6, 2.0)
    budget.take(4)
    budget.give_back(10)
    budget.check(10)
    assert budget.held == 0
