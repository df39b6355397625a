"""*pure*. A sample organisation of any size from a seed: the same seed and figures, the same organisation."""

from github_sandbox.sample.organization import SampleSize, make_world, sample_accounts

__all__ = ["SampleSize", "make_world", "sample_accounts"]
