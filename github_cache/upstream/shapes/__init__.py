"""The shapes that go out: the same from GitHub's REST and GraphQL APIs, in the names of the REST API (pure).

A field stands here only if both APIs have it. Empty texts are null, lists that have no order of their own are sorted,
so that the same state of GitHub gives the same bytes whichever API was asked.
"""
