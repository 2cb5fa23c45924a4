"""The benchmark: systems side by side on one machine, in one run, as ratios."""
