"""Telling labels from texts, and what texts without labels teach before (Dai & Le 2015)."""
