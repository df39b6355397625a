"""What may pass, in both directions: GitHub's limits on us, and ours on whoever calls us.

This floor knows no secret, no URL and nothing of the cache above it. Accounts and callers reach it as opaque
strings; the decisions are pure functions of values, and Redis or memory only hold the numbers they need.
"""
