"""Series of numbers: curves made by formulas, models that go on by themselves, their pictures."""
