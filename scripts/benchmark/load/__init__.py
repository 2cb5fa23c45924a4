"""The load: what is asked of a system, by whom, and what came of it."""
