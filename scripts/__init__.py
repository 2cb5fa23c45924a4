"""Offline work: training, evaluating, exporting and benchmarking."""
