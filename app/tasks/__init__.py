"""Tasks: a request in, engine inputs out; engine outputs in, an answer out. No HTTP here."""
