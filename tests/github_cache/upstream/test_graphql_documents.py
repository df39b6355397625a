"""The documents that are sent: nothing that was typed is in them, and GitHub's own schema takes them.

The sandbox, whose schema is a part of GitHub's, executes them all in the other tests.
"""

from pathlib import Path

from graphql import build_schema, parse, validate

from github_cache.upstream.graphql_documents import Part, batch, named

NUMBER = (("first", "Int!", 5), ("after", "String", None))


def test_githubs_own_schema_takes_the_largest_ones(test_data: Path) -> None:
    text = (test_data / "github" / "schema.graphql").read_text("utf-8")
    schema = build_schema(text, assume_valid=True, assume_valid_sdl=True)
    organization = named("organization_repositories", {"login": "acme", "first": 100, "after": None})
    automations = batch("automations", [Part("acme", "api", "...AutomationFields ...LanguageFields")] * 2)
    listings = 'found: object(expression: "HEAD:") { ...ListingFields }'
    threads = "issues(first: 9) { nodes { ...IssueFields } } pullRequests(first: 9) { nodes { ...PullFields } }"
    rest = batch("rest", [Part("acme", "api", f"{listings} {threads}")])
    for query in (organization, automations, rest):
        assert validate(schema, parse(query.document)) == []


def test_names_go_in_as_variables() -> None:
    part = Part("acme", "api", "issues(first: $first, after: $after) { totalCount }", NUMBER)
    query = batch("issues", [part, Part("other", "more", part.selection, NUMBER)])
    assert "acme" not in query.document
    assert query.variables == {
        "owner0": "acme",
        "name0": "api",
        "first0": 5,
        "after0": None,
        "owner1": "other",
        "name1": "more",
        "first1": 5,
        "after1": None,
    }
    assert "issues(first: $first1, after: $after1)" in query.document


def test_a_fragment_is_in_a_document_once() -> None:
    query = batch("issues", [Part("a", "b", "issues(first: 1) { nodes { ...IssueFields } } ...RepositoryFields")] * 3)
    assert query.document.count("fragment IssueFields ") == 1
    assert query.document.count("fragment LabelFields ") == 1
