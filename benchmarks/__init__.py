"""Benchmarks: each module measures one thing and prints a table; ratios within one run count, not seconds."""
