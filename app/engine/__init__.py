"""The engine: one running batch, one owner thread, requests joining and leaving at every step."""
