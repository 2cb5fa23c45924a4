"""Variants of one model compared on one subset of one corpus."""
