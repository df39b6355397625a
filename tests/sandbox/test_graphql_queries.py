"""What GraphQL says of the sample organisation is what stands in it, in every field of the schema."""

import json
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from github_sandbox import changes
from github_sandbox.clock import iso
from github_sandbox.entities import Account, PullRequest
from github_sandbox.graphql.execution import execute
from github_sandbox.graphql.schema import SCHEMA
from github_sandbox.world import World
from tests.sandbox.asking import ORG, Asker, asker, pages, small_world

NODE = SCHEMA.type_map["Node"]
assert isinstance(NODE, GraphQLInterfaceType)
Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


@pytest.fixture(scope="module")
def world() -> World:
    return small_world()


@pytest.fixture(scope="module")
def rich() -> Asker:
    """A small organisation that has of everything: milestones, releases, comments, a bot."""
    rich = asker(small_world(3, 12, 4), "octo-admin")
    bot = rich.world.add_account(Account(9999, "octo-bot[bot]", "Bot"))
    for repository in rich.world.repositories.values():
        repository.has_issues, repository.license = True, "mit"
        milestone = changes.create_milestone(rich.world, repository, rich.account, "First", "What comes first")
        changes.publish_release(rich.world, repository, rich.account, "v1.0", {"body": "Notes"})
        for issue in repository.issues.values():
            changes.edit_issue(rich.world, repository, rich.account, issue, {"milestone": milestone})
            changes.comment(rich.world, repository, bot, issue, "Noted")
    return rich


@pytest.fixture(scope="module")
def ask(world: World) -> Asker:
    return asker(world, "octo-admin")


def everything(kind: Composite, depth: int) -> str:
    """A selection of all fields of *kind* that need no argument, down to *depth*."""
    if isinstance(kind, GraphQLUnionType) or not kind.fields:
        return "__typename"
    chosen = ["__typename"]
    for name, field in kind.fields.items():
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        inner = get_named_type(field.type)
        page = "(first: 2)" if "first" in field.args else ""
        if is_leaf_type(inner):
            chosen.append(f"{kind.name}_{name}: {name}")
        elif depth > 0:
            below = everything(inner, depth - 1)
            alias = f"{kind.name}_{name}"
            if isinstance(inner, GraphQLInterfaceType):
                below += "".join(
                    f" ... on {t.name} {{ {everything(t, depth - 1)} }}" for t in SCHEMA.get_possible_types(inner)
                )
            chosen.append(f"{alias}: {name}{page} {{ {below} }}")
    return " ".join(chosen)


IN_REPOSITORY = {
    "Repository": "%s",
    "Language": "primaryLanguage { %s }",
    "License": "licenseInfo { %s }",
    "Topic": "repositoryTopics(first: 1) { nodes { topic { %s } } }",
    "RepositoryTopic": "repositoryTopics(first: 1) { nodes { %s } }",
    "Label": "labels(first: 3) { nodes { %s } }",
    "Milestone": "milestones(first: 3) { nodes { %s } }",
    "Release": "latestRelease { %s }",
    "Issue": "issues(first: 3) { nodes { %s } }",
    "PullRequest": "pullRequests(first: 3) { nodes { %s } }",
    "IssueComment": "issues(first: 3) { nodes { comments(first: 3) { nodes { %s } } } }",
    "Bot": "issues(first: 3) { nodes { comments(first: 3) { nodes { author { ... on Bot { %s } } } } } }",
    "Ref": "defaultBranchRef { %s }",
    "Commit": "defaultBranchRef { target { ... on Commit { %s } } }",
    "Tree": 'object(expression: "HEAD:") { ... on Tree { %s } }',
    "Blob": 'object(expression: "HEAD:README.md") { ... on Blob { %s } }',
    "User": "issues(first: 3) { nodes { author { ... on User { %s } } } }",
    "Organization": "owner { ... on Organization { %s } }",
}


def test_every_kind_of_node_is_asked_for() -> None:
    assert set(IN_REPOSITORY) == {kind.name for kind in SCHEMA.get_possible_types(NODE)}


@pytest.mark.parametrize("name", IN_REPOSITORY)
def test_every_field_of_every_node_is_served(rich: Asker, name: str) -> None:
    kind = SCHEMA.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    fields = IN_REPOSITORY[name] % everything(kind, 2)
    query = f'query($name: String!) {{ repository(owner: "{ORG}", name: $name) {{ name {fields} }} }}'
    shown = [rich.data(query, name=repository.name) for repository in rich.world.repositories.values()]
    assert f'"__typename": "{name}", "{name}_' in json.dumps(shown)


def test_a_repository_is_as_it_stands_in_the_world(ask: Asker, world: World) -> None:
    query = """query($name: String!) { repository(owner: "OCTO-sample", name: $name) {
        id databaseId nameWithOwner description isPrivate visibility isArchived isFork stargazerCount forkCount
        hasIssuesEnabled diskUsage watchers { totalCount } owner { login __typename } licenseInfo { key spdxId }
        primaryLanguage { name } viewerPermission repositoryTopics(first: 20) { nodes { topic { name } } }
        languages(first: 20, orderBy: {field: SIZE, direction: DESC}) {
          totalSize totalCount edges { size node { name } } }
        labels(first: 100) { totalCount nodes { name color } }
        defaultBranchRef { name target { oid ... on Commit { message history(first: 1) { totalCount } } } } } }"""
    for repository in world.repositories.values():
        shown = ask.data(query, name=repository.name.upper())["repository"]
        assert shown["id"] == repository.node_id
        assert shown["databaseId"] == repository.id
        assert shown["isPrivate"] == repository.private == (shown["visibility"] != "PUBLIC")
        assert shown["owner"] == {"login": ORG, "__typename": "Organization"}
        assert shown["viewerPermission"] == "ADMIN"
        assert {e["node"]["name"]: e["size"] for e in shown["languages"]["edges"]} == repository.languages
        assert shown["languages"]["totalSize"] == sum(repository.languages.values())
        assert sorted(n["topic"]["name"] for n in shown["repositoryTopics"]["nodes"]) == sorted(repository.topics)
        assert [n["name"] for n in shown["labels"]["nodes"]] == [label.name for label in repository.labels.values()]
        assert shown["defaultBranchRef"]["target"]["oid"] == repository.head.sha  # type: ignore[union-attr]
        assert shown["watchers"]["totalCount"] == repository.subscribers


def test_files_come_with_their_text(ask: Asker, world: World) -> None:
    query = """query($name: String!) { repository(owner: "octo-sample", name: $name) {
        object(expression: "HEAD:.github/workflows") { ... on Tree { oid entries { name path type mode oid size
          object { __typename ... on Blob { text byteSize isBinary isTruncated oid } } } } } } }"""
    repositories = [r for r in world.repositories.values() if world.workflows(r)]
    assert repositories
    for repository in repositories:
        entries = ask.data(query, name=repository.name)["repository"]["object"]["entries"]
        assert [entry["path"] for entry in entries] == [w.path for w in world.workflows(repository)]
        for entry in entries:
            file = repository.files[entry["path"]]
            blob = entry["object"]
            assert (entry["type"], entry["mode"], entry["size"]) == ("blob", 0o100644, file.size)
            assert blob["text"].encode() == file.data
            assert entry["oid"] == blob["oid"] == file.sha
            assert (blob["byteSize"], blob["isBinary"], blob["isTruncated"]) == (file.size, False, False)


def test_binary_and_large_files(ask: Asker) -> None:
    fresh = asker(small_world(1, 0, 0), "octo-admin")
    (repository,) = fresh.world.repositories.values()
    changes.push(fresh.world, repository, fresh.account, {"a.bin": b"\0\1", "big.txt": b"x" * 600_000}, "Add")
    query = """{ repository(owner: "octo-sample", name: "%s") {
        a: object(expression: "HEAD:a.bin") { ...B } big: object(expression: "main:big.txt") { ...B }
        none: object(expression: "HEAD:none") { id } nowhere: object(expression: "no-branch:a.bin") { id } } }
        fragment B on Blob { isBinary isTruncated byteSize text }"""
    shown = fresh.data(query % repository.name)["repository"]
    assert shown["a"] == {"isBinary": True, "isTruncated": False, "byteSize": 2, "text": None}
    assert shown["big"]["isTruncated"] is True
    assert len(shown["big"]["text"]) == 512_000
    assert shown["none"] is None
    assert shown["nowhere"] is None


def test_folders_are_entries_too(ask: Asker, world: World) -> None:
    repository = next(r for r in world.repositories.values() if world.workflows(r))
    query = """{ repository(owner: "octo-sample", name: "%s") { object(expression: "HEAD:") {
        ... on Tree { entries { name type mode object { __typename } } } } } }"""
    entries = ask.data(query % repository.name)["repository"]["object"]["entries"]
    folder = next(entry for entry in entries if entry["name"] == ".github")
    assert (folder["type"], folder["mode"], folder["object"]["__typename"]) == ("tree", 0o40000, "Tree")
    assert {entry["name"] for entry in entries} == {path.partition("/")[0] for path in repository.files}


def test_pull_requests_and_issues_are_apart(ask: Asker, world: World) -> None:
    query = """query($name: String!) { repository(owner: "octo-sample", name: $name) {
        open: pullRequests(states: OPEN) { totalCount } merged: pullRequests(states: MERGED) { totalCount }
        all: pullRequests(first: 100) { totalCount nodes { number state merged mergedAt } }
        issues(first: 100) { totalCount nodes { number state closed stateReason } } } }"""
    for repository in world.repositories.values():
        shown = ask.data(query, name=repository.name)["repository"]
        pulls = repository.pulls()
        assert shown["all"]["totalCount"] == len(pulls)
        assert shown["merged"]["totalCount"] == sum(p.merged_at is not None for p in pulls)
        assert shown["open"]["totalCount"] == sum(p.state == "open" for p in pulls)
        for node in shown["all"]["nodes"]:
            pull = repository.issues[node["number"]]
            assert isinstance(pull, PullRequest)
            assert (node["state"] == "MERGED") == node["merged"] == (node["mergedAt"] is not None)
        assert shown["issues"]["totalCount"] == (len(repository.only_issues()) if repository.has_issues else 0)


def test_issues_are_filtered(ask: Asker, world: World) -> None:
    repository = next(r for r in world.repositories.values() if r.has_issues)
    issues = repository.only_issues()
    middle = sorted(issue.updated_at for issue in issues)[len(issues) // 2]
    label = next(label for issue in issues for label in issue.labels)
    query = """query($name: String!, $since: DateTime!, $label: String!, $author: String!) {
      repository(owner: "octo-sample", name: $name) {
        since: issues(filterBy: {since: $since}) { totalCount } labelled: issues(labels: [$label]) { totalCount }
        byLabel: label(name: $label) { issues { totalCount } }
        authored: issues(filterBy: {createdBy: $author}) { totalCount }
        idle: issues(filterBy: {assignee: null}) { totalCount } busy: issues(filterBy: {assignee: "*"}) { totalCount }
        all: issues { totalCount } } }"""
    author = issues[0].user.login
    shown = ask.data(query, name=repository.name, since=iso(middle), label=label.name, author=author)["repository"]
    count = {name: (field.get("issues") or field)["totalCount"] for name, field in shown.items()}
    assert count["since"] == sum(issue.updated_at >= int(middle) for issue in issues)
    assert count["labelled"] == count["byLabel"] == sum(label in issue.labels for issue in issues)
    assert count["authored"] == sum(issue.user.login == author for issue in issues)
    assert count["idle"] + count["busy"] == count["all"] == len(issues)


def test_nodes_are_found_by_their_ids(ask: Asker, world: World) -> None:
    repository = next(r for r in world.repositories.values() if r.has_issues and r.pulls())
    issue, pull = repository.only_issues()[0], repository.pulls()[0]
    label = next(iter(repository.labels.values()))
    head = repository.head
    assert head is not None
    query = """query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Repository { name }
        ... on Issue { number } ... on Label { name } ... on Commit { oid } ... on User { login } } }"""
    commit = ask.data(
        f'{{ repository(owner: "{ORG}", name: "{repository.name}") {{ object(oid: "{head.sha}") {{ id }} }} }}'
    )
    ids = [repository.node_id, issue.node_id, pull.node_id, label.node_id, ask.account.node_id]
    ids.append(commit["repository"]["object"]["id"])
    found = ask.data(query, ids=ids)["nodes"]
    assert [node["id"] for node in found] == ids
    kinds = ["Repository", "Issue", "PullRequest", "Label", "User", "Commit"]
    assert [node["__typename"] for node in found] == kinds
    assert found[1]["number"] == issue.number


def test_a_renamed_repository_is_followed_unless_told_not_to(ask: Asker, world: World) -> None:
    repository = next(r for i, r in enumerate(world.repositories.values()) if i % 25 == 4)
    query = '{ repository(owner: "octo-sample", name: "old-%s"%s) { name } }'
    assert ask.data(query % (repository.name, ""))["repository"]["name"] == repository.name
    refused = ask.result(query % (repository.name, ", followRenames: false"))
    assert refused.body["errors"][0]["type"] == "NOT_FOUND"


def test_search_finds_what_rest_finds(ask: Asker, world: World) -> None:
    query = """query($q: String!, $after: String) { search(type: ISSUE, query: $q, first: 3, after: $after) {
        issueCount repositoryCount pageInfo { hasNextPage endCursor }
        nodes { __typename ... on Issue { number repository { name } } ... on PullRequest { number } } } }"""
    found = pages(ask, query, "search", q=f"org:{ORG} is:issue is:open")
    assert {node["__typename"] for node in found} == {"Issue"}
    wanted = {(r.name, i.number) for r in world.repositories.values() for i in r.only_issues() if i.state == "open"}
    assert {(node["repository"]["name"], node["number"]) for node in found} == wanted
    assert len(found) == len(wanted)


def test_search_for_repositories(ask: Asker, world: World) -> None:
    query = """query($q: String!) { search(type: REPOSITORY, query: $q, first: 100) {
        repositoryCount nodes { ... on Repository { name } } } }"""
    language = next(iter(world.repositories.values())).language
    found = ask.data(query, q=f'org:{ORG} language:"{language}"')["search"]
    names = {r.name for r in world.repositories.values() if r.language == language}
    assert {node["name"] for node in found["nodes"]} == names
    assert found["repositoryCount"] == len(names)


def test_rate_limit_says_what_the_query_costs(ask: Asker, world: World) -> None:
    query = """{ rateLimit { limit cost remaining used nodeCount resetAt }
        viewer { repositories(first: 100) { nodes {
          issues(first: 50) { nodes { labels(first: 60) { totalCount } } } } } } }"""
    result = ask.result(query)
    shown = result.body["data"]["rateLimit"]
    assert shown["cost"] == result.cost == 51
    assert shown["nodeCount"] == 100 + 5_000 + 300_000
    assert (shown["limit"], shown["used"], shown["remaining"]) == (5000, 51, 4949)


def test_aliases_fragments_variables_and_directives(ask: Asker) -> None:
    query = """query Two($login: String!, $yes: Boolean = true) {
        a: organization(login: $login) { ...Org } b: organization(login: "octo-sample") { ...Org url @skip(if: $yes) } }
        fragment Org on Organization { login ... on RepositoryOwner @include(if: $yes) { id } }
        query Other { viewer { login } }"""
    result = ask.result("query A { viewer { login } } query B { viewer { id } }")
    assert result.body == {"errors": [{"message": "An operation name is required"}]}
    body = {"query": query, "variables": {"login": ORG}, "operationName": "Two"}
    data = execute(ask.world, ask.account, body).body["data"]
    assert data["a"] == data["b"] == {"login": ORG, "id": ask.world.organization(ORG).node_id}  # type: ignore[union-attr]


def test_introspection(ask: Asker) -> None:
    shown: dict[str, Any] = ask.data(get_introspection_query())["__schema"]
    assert shown["queryType"]["name"] == "Query"
    assert len(shown["types"]) > 90


def test_members_and_their_roles(ask: Asker) -> None:
    query = """{ organization(login: "octo-sample") { viewerCanAdminister membersWithRole(first: 10) {
        edges { role node { login isViewer organizations(first: 1) { nodes { login } } } } } } }"""
    shown = ask.data(query)["organization"]
    assert shown["viewerCanAdminister"] is True
    roles = {edge["node"]["login"]: edge["role"] for edge in shown["membersWithRole"]["edges"]}
    assert roles == {"octo-admin": "ADMIN", "octo-dev": "MEMBER"}
    assert shown["membersWithRole"]["edges"][0]["node"]["organizations"] == {"nodes": [{"login": ORG}]}


def test_repositories_are_narrowed(ask: Asker, world: World) -> None:
    query = """{ organization(login: "octo-sample") {
        private: repositories(privacy: PRIVATE) { totalCount } forks: repositories(isFork: true) { totalCount }
        archived: repositories(isArchived: true) { totalCount } all: repositories { totalCount totalDiskUsage }
        public: repositories(visibility: PUBLIC, isFork: false) { totalCount } } }"""
    found = list(world.repositories.values())
    shown = ask.data(query)["organization"]
    assert shown["private"]["totalCount"] == sum(r.private for r in found)
    assert shown["forks"]["totalCount"] == sum(r.fork for r in found)
    assert shown["archived"]["totalCount"] == sum(r.archived for r in found)
    assert shown["public"]["totalCount"] == sum(not r.private and not r.fork for r in found)
    assert shown["all"] == {"totalCount": len(found), "totalDiskUsage": sum(r.size for r in found)}


def test_a_users_repositories_are_by_what_ties_them(world: World) -> None:
    query = "query($by: [RepositoryAffiliation]) { viewer { repositories(ownerAffiliations: $by) { totalCount } } }"
    tied = {"octo-dev": {"ORGANIZATION_MEMBER": 12, "OWNER": 0}, "octo-guest": {"COLLABORATOR": 1, "OWNER": 0}}
    for login, counts in tied.items():
        for affiliation, count in counts.items():
            assert asker(world, login).data(query, by=[affiliation])["viewer"]["repositories"]["totalCount"] == count
