"""Clients that others wrote take the sandbox for GitHub: PyGithub, gidgethub and githubkit, unmodified.

githubkit parses every answer into models made of GitHub's OpenAPI description, so it checks the shapes as well.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import gidgethub
import httpx
import pytest
from gidgethub.httpx import GitHubAPI
from github import Auth, Github, GithubException, RateLimitExceededException, UnknownObjectException
from githubkit import GitHub, TokenAuthStrategy
from githubkit.exception import GraphQLFailed

from github_sandbox import changes
from github_sandbox.entities import Repository
from github_sandbox.sample import SampleSize, make_world
from github_sandbox.server import Handle, serve

ORG = "octo-sample"
TOKEN = "ghp_sandbox_admin_1"
REPOSITORIES = 65
ISSUES = 70
PAGES = """
    query($org: String!, $cursor: String) { organization(login: $org) {
      repositories(first: 25, after: $cursor) { nodes { databaseId } pageInfo { hasNextPage endCursor } } } }
"""


@pytest.fixture(scope="module")
def reading() -> Iterator[Handle]:
    """A sandbox that tests only read from."""
    with serve(make_world(SampleSize(REPOSITORIES, 120, 3))) as handle:
        first = next(iter(handle.world.repositories.values()))
        admin = handle.world.accounts["octo-admin"]
        while len(first.only_issues()) < ISSUES:
            changes.create_issue(handle.world, first, admin, f"Issue {len(first.issues)}", None, ["bug"])
        yield handle


@pytest.fixture
def writing() -> Iterator[Handle]:
    with serve(make_world(SampleSize(3, 9, 2))) as handle:
        yield handle


def repository_of(handle: Handle) -> Repository:
    return next(iter(handle.world.repositories.values()))


def pygithub(handle: Handle, **options: Any) -> Github:
    options = {"seconds_between_requests": None, "seconds_between_writes": None, "retry": None} | options
    return Github(base_url=handle.url, auth=Auth.Token(TOKEN), **options)


def githubkit(handle: Handle) -> Any:
    return GitHub(TokenAuthStrategy(TOKEN), base_url=f"{handle.url}/", auto_retry=False)


async def with_gidgethub(handle: Handle, work: Any) -> Any:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await work(GitHubAPI(client, "tests", oauth_token=TOKEN, base_url=handle.url))


# -- reading


def test_pygithub_lists_repositories_and_issues_over_pages(reading: Handle) -> None:
    client = pygithub(reading)
    listed = client.get_organization(ORG).get_repos()
    assert listed.totalCount == REPOSITORIES
    assert {repository.id for repository in listed} == set(reading.world.repositories)
    ours = repository_of(reading)
    theirs = client.get_repo(ours.full_name)
    issues = list(theirs.get_issues(state="all"))
    assert {issue.number for issue in issues} == set(ours.issues)
    assert {issue.number for issue in issues if issue.pull_request} == {pull.number for pull in ours.pulls()}
    assert next(iter(theirs.get_issues(state="all").reversed)).number == issues[-1].number


def test_pygithub_reads_labels_files_and_workflows(reading: Handle) -> None:
    ours = repository_of(reading)
    theirs = pygithub(reading).get_repo(ours.full_name)
    assert {label.name for label in theirs.get_labels()} == {label.name for label in ours.labels.values()}
    assert {entry.path for entry in theirs.get_contents("")} == {path.partition("/")[0] for path in ours.files}  # type: ignore[union-attr]
    assert theirs.get_readme().decoded_content == ours.files["README.md"].data
    workflows = theirs.get_workflows()
    assert {w.path for w in workflows} == {w.path for w in reading.world.workflows(ours)}
    assert {entry.path for entry in theirs.get_git_tree("main", recursive=True).tree if entry.type == "blob"} == set(
        ours.files
    )


def test_pygithub_follows_a_former_name(reading: Handle) -> None:
    renamed = list(reading.world.repositories.values())[4]
    assert pygithub(reading).get_repo(f"{ORG}/old-{renamed.name}").id == renamed.id


def test_pygithub_asks_graphql_with_variables(reading: Handle) -> None:
    _, answer = pygithub(reading).requester.graphql_query(PAGES, {"org": ORG, "cursor": None})
    assert len(answer["data"]["organization"]["repositories"]["nodes"]) == 25
    with pytest.raises(GithubException) as raised:
        pygithub(reading).requester.graphql_query(PAGES, {"org": "nobody"})
    assert raised.value.data["errors"][0]["type"] == "NOT_FOUND"


def test_pygithub_knows_the_errors_for_what_they_are(reading: Handle) -> None:
    with pytest.raises(UnknownObjectException):
        pygithub(reading).get_repo(f"{ORG}/no-such-repository")


def test_gidgethub_pages_and_asks_graphql(reading: Handle) -> None:
    ours = repository_of(reading)

    async def work(client: GitHubAPI) -> None:
        repositories = [r["id"] async for r in client.getiter(f"/orgs/{ORG}/repos")]
        assert sorted(repositories) == sorted(reading.world.repositories)
        url = f"/repos/{ours.full_name}/issues{{?state,per_page}}"
        issues = [i["number"] async for i in client.getiter(url, {"state": "all", "per_page": "30"})]
        assert sorted(issues) == sorted(ours.issues)
        assert client.rate_limit is not None
        assert client.rate_limit.limit == 5000
        found = await client.graphql(PAGES, endpoint=f"{reading.url}/graphql", org=ORG)
        assert len(found["organization"]["repositories"]["nodes"]) == 25
        with pytest.raises(gidgethub.BadRequest, match="Not Found"):
            await client.getitem("/repos/octo-sample/no-such-repository")
        with pytest.raises(gidgethub.QueryError, match="Could not resolve to an Organization"):
            await client.graphql(PAGES, endpoint=f"{reading.url}/graphql", org="nobody")

    asyncio.run(with_gidgethub(reading, work))


def test_githubkit_pages(reading: Handle) -> None:
    client, ours = githubkit(reading), repository_of(reading)
    listed = client.rest.paginate(client.rest.repos.list_for_org, org=ORG, per_page=30)
    assert {repository.id for repository in listed} == set(reading.world.repositories)
    issues = client.rest.paginate(client.rest.issues.list_for_repo, owner=ORG, repo=ours.name, state="all", per_page=30)
    assert {issue.number for issue in issues} == set(ours.issues)


def test_githubkit_pages_through_graphql(reading: Handle) -> None:
    client = githubkit(reading)
    found = [
        node["databaseId"]
        for page in client.graphql.paginate(PAGES, {"org": ORG})
        for node in page["organization"]["repositories"]["nodes"]
    ]
    assert found == sorted(reading.world.repositories)
    with pytest.raises(GraphQLFailed):
        client.graphql(PAGES, {"org": "nobody"})


READS = {
    "repository": lambda rest, it: rest.repos.get(ORG, it.name),
    "issue": lambda rest, it: rest.issues.get(ORG, it.name, it.only_issues()[0].number),
    "pulls": lambda rest, it: rest.pulls.list(ORG, it.name, state="all"),
    "pull": lambda rest, it: rest.pulls.get(ORG, it.name, it.pulls()[0].number),
    "file": lambda rest, it: rest.repos.get_content(ORG, it.name, "README.md"),
    "folder": lambda rest, it: rest.repos.get_content(ORG, it.name, ""),
    "workflows": lambda rest, it: rest.actions.list_repo_workflows(ORG, it.name),
    "languages": lambda rest, it: rest.repos.list_languages(ORG, it.name),
    "topics": lambda rest, it: rest.repos.get_all_topics(ORG, it.name),
    "labels": lambda rest, it: rest.issues.list_labels_for_repo(ORG, it.name),
    "branches": lambda rest, it: rest.repos.list_branches(ORG, it.name),
    "branch": lambda rest, it: rest.repos.get_branch(ORG, it.name, "main"),
    "commits": lambda rest, it: rest.repos.list_commits(ORG, it.name),
    "commit": lambda rest, it: rest.repos.get_commit(ORG, it.name, "main"),
    "tree": lambda rest, it: rest.git.get_tree(ORG, it.name, "main"),
    "ref": lambda rest, it: rest.git.get_ref(ORG, it.name, "heads/main"),
    "collaborators": lambda rest, it: rest.repos.list_collaborators(ORG, it.name),
    "search for repositories": lambda rest, it: rest.search.repos(q=f"org:{ORG}"),
    "search for issues": lambda rest, it: rest.search.issues_and_pull_requests(q=f"repo:{ORG}/{it.name} is:open"),
    "organization": lambda rest, it: rest.orgs.get(ORG),
    "members": lambda rest, it: rest.orgs.list_members(ORG),
    "user": lambda rest, it: rest.users.get_authenticated(),
    "other user": lambda rest, it: rest.users.get_by_username("octo-dev"),
    "own repositories": lambda rest, it: rest.repos.list_for_authenticated_user(),
    "rate limit": lambda rest, it: rest.rate_limit.get(),
}


@pytest.mark.parametrize("what", READS)
def test_answers_fit_githubs_own_description(reading: Handle, what: str) -> None:
    repository = next(r for r in reading.world.repositories.values() if r.pulls() and r.has_issues)
    client = githubkit(reading)
    answer = READS[what](client.rest, repository)
    assert answer.status_code == 200
    assert answer.parsed_data is not None


# -- writing


def test_pygithub_writes(writing: Handle) -> None:
    ours = repository_of(writing)
    theirs = pygithub(writing).get_repo(ours.full_name)
    issue = theirs.create_issue("It breaks", "Badly", labels=["bug"])
    issue.create_comment("Indeed")
    issue.edit(state="closed")
    theirs.create_label("fresh", "aabbcc", "Not stale").edit("fresher", "ddeeff")
    theirs.edit(description="Better now")
    theirs.create_file("docs/new.md", "Add a page", "# New")
    made = ours.issues[issue.number]
    assert (made.state, [comment.body for comment in made.comments]) == ("closed", ["Indeed"])
    assert [label.name for label in made.labels] == ["bug"]
    assert ours.labels["fresher"].color == "ddeeff"
    assert ours.description == "Better now"
    assert ours.files["docs/new.md"].data == b"# New"


def test_githubkit_writes(writing: Handle) -> None:
    ours, client = repository_of(writing), githubkit(writing)
    rest = client.rest
    number = rest.issues.create(ORG, ours.name, title="It breaks", labels=["bug"]).parsed_data.number
    assert rest.issues.create_comment(ORG, ours.name, number, body="Indeed").parsed_data.body == "Indeed"
    hook = rest.repos.create_webhook(
        ORG, ours.name, name="web", config={"url": "http://127.0.0.1:9/"}, events=["push"]
    ).parsed_data
    assert rest.repos.list_webhook_deliveries(ORG, ours.name, hook.id).status_code == 200
    assert rest.repos.create_release(ORG, ours.name, tag_name="v1").parsed_data.tag_name == "v1"
    assert rest.repos.get_latest_release(ORG, ours.name).parsed_data.tag_name == "v1"
    assert rest.repos.update(ORG, ours.name, description="Better now").parsed_data.description == "Better now"
    assert ours.description == "Better now"


def test_gidgethub_writes(writing: Handle) -> None:
    ours = repository_of(writing)

    async def work(client: GitHubAPI) -> None:
        await client.post(f"/repos/{ours.full_name}/labels", data={"name": "fresh", "color": "aabbcc"})
        await client.patch(f"/repos/{ours.full_name}/labels/fresh", data={"new_name": "fresher"})
        await client.delete(f"/repos/{ours.full_name}/labels/bug")

    asyncio.run(with_gidgethub(writing, work))
    assert "fresher" in ours.labels
    assert "bug" not in ours.labels


# -- limits


def test_the_clients_know_a_refusal_by_its_looks(writing: Handle) -> None:
    writing.world.limits.change(core=1)

    async def work(client: GitHubAPI) -> None:
        with pytest.raises(gidgethub.RateLimitExceeded):
            await client.getitem(f"/orgs/{ORG}")

    pygithub(writing).get_organization(ORG)
    with pytest.raises(RateLimitExceededException):
        pygithub(writing).get_organization(ORG)
    asyncio.run(with_gidgethub(writing, work))
