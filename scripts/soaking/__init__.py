"""A long disturbed load that no answer, row or task may be lost in."""
