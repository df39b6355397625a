"""A GitHub of one's own, on loopback: demo, test double and the benchmark's other side.

It imports nothing of the other apps and no Django; see docs/sandbox.md for what it serves.
"""
