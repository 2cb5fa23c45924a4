"""Search over a step's candidates: pure values in, pure values out, no model and no clock."""
