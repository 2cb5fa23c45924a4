"""Dragoman: a REST service for sequence-to-sequence models."""
