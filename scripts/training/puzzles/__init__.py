"""Puzzles: pairs made by a rule, split so that what is measured is new to the model."""
