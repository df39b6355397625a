"""Real clients, unmodified, over real HTTP: PyGithub, githubkit and gidgethub against `/api/v3`."""

import asyncio

import pytest
import requests

from tests.github_cache.gateway.house import ADMIN, House

RAW = "application/vnd.github.raw"
QUERY = 'query($name: String!) { repository(owner: "octo", name: $name) { nameWithOwner } }'
LIMIT = {"kind": "secondary", "retry_after": 30, "count": 1}


@pytest.mark.parametrize("credential", ["key", "token"])
def test_pygithub(house: House, base: str, credential: str) -> None:
    from github import Auth, Github

    client = Github(auth=Auth.Token(house.key if credential == "key" else ADMIN), base_url=base, retry=None)
    names = {repository.full_name for repository in client.get_organization("octo").get_repos()}
    assert len(names) == 42
    hello = client.get_repo("octo/hello")
    assert len(list(hello.get_issues())) == 48
    assert hello.get_contents("README.md").decoded_content == b"# hello\n"
    _, raw = client.requester.requestBlobAndCheck("GET", f"{hello.url}/contents/README.md", headers={"Accept": RAW})
    assert raw["data"] == "# hello\n"
    _, told = client.requester.graphql_query(QUERY, {"name": "hello"})
    assert told["data"]["repository"]["nameWithOwner"] == "octo/hello"
    hello.create_label("urgent", "ff0000")
    assert "urgent" in {label.name for label in hello.get_labels()}
    assert client.get_user().login == "octo-admin"
    hello.edit(name="hello-again")
    assert client.get_repo("octo/hello").full_name == "octo/hello-again"
    assert client.get_rate_limit().rate.limit == 5000
    list(client.get_organization("octo").get_repos())
    house.forgotten()
    assert len(list(client.get_organization("octo").get_repos())) == 42
    assert house.cost == 0
    client.close()


def test_githubkit(house: House, base: str) -> None:
    from githubkit import GitHub, TokenAuthStrategy
    from githubkit.exception import RequestFailed

    client = GitHub(TokenAuthStrategy(house.key), base_url=f"{base}/", auto_retry=False)
    repos, hello = client.rest.repos, {"owner": "octo", "repo": "hello"}
    assert len(list(client.rest.paginate(repos.list_for_org, org="octo"))) == 42
    assert len(list(client.rest.paginate(client.rest.issues.list_for_repo, **hello, state="open"))) == 48
    assert repos.get_content(**hello, path="README.md").json()["encoding"] == "base64"
    assert repos.get_content(**hello, path="README.md", headers={"Accept": RAW}).text == "# hello\n"
    client.rest.issues.create_label(**hello, name="urgent", color="ff0000")
    assert "urgent" in {label.name for label in client.rest.issues.list_labels_for_repo(**hello).parsed_data}
    assert client.graphql(QUERY, {"name": "hello"})["repository"]["nameWithOwner"] == "octo/hello"
    repos.update(**hello, name="hello-again")
    assert repos.get(**hello).parsed_data.full_name == "octo/hello-again"
    house.handle.faults.add(LIMIT)
    with pytest.raises(RequestFailed) as refused:
        repos.get(owner="octo", repo="repo-01")
    assert refused.value.response.status_code == 429
    house.forget_limits()
    assert repos.get(owner="octo", repo="repo-01").parsed_data.name == "repo-01"


def test_gidgethub(house: House, base: str) -> None:
    from gidgethub import HTTPException
    from gidgethub.abc import GitHubAPI

    class Client(GitHubAPI):
        async def _request(self, method, url, headers, body=b""):
            answer = requests.request(method, url, headers=headers, data=body, timeout=20)
            return answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content

        async def sleep(self, seconds: float) -> None:
            raise AssertionError("it met a limit")

    async def journey() -> None:
        client = Client("tests", oauth_token=house.key, base_url=base)
        hello, readme = "/repos/octo/hello", "/repos/octo/hello/contents/README.md"
        assert len([each async for each in client.getiter("/orgs/octo/repos")]) == 42
        assert len([each async for each in client.getiter(f"{hello}/issues")]) == 48
        assert (await client.getitem(readme))["encoding"] == "base64"
        assert await client.getitem(readme, accept=RAW) == "# hello\n"
        await client.post(f"{hello}/labels", data={"name": "urgent", "color": "ff0000"})
        assert "urgent" in {label["name"] for label in await client.getitem(f"{hello}/labels")}
        told = await client.graphql(QUERY, endpoint=base.replace("/api/v3", "/api/graphql"), name="hello")
        assert told["repository"]["nameWithOwner"] == "octo/hello"
        await client.patch(hello, data={"name": "hello-again"})
        assert (await client.getitem(hello))["full_name"] == "octo/hello-again"

    async def name() -> str:
        return (await Client("tests", oauth_token=house.key, base_url=base).getitem("/repos/octo/repo-01"))["name"]

    asyncio.run(journey())
    house.handle.faults.add(LIMIT)
    with pytest.raises(HTTPException) as refused:
        asyncio.run(name())
    assert refused.value.status_code == 429
    house.forget_limits()
    assert asyncio.run(name()) == "repo-01"


def test_a_short_limit_is_borne_for_the_client(house: House, base: str) -> None:
    from github import Auth, Github

    client = Github(auth=Auth.Token(house.key), base_url=base, retry=None)
    house.handle.faults.add({"kind": "secondary", "retry_after": 1, "count": 1})
    assert client.get_repo("octo/repo-02").name == "repo-02"
    client.close()


def test_a_limit_is_met_and_recovered_from(house: House, base: str) -> None:
    from github import Auth, Github, GithubException

    client = Github(auth=Auth.Token(house.key), base_url=base, retry=None)
    house.handle.faults.add(LIMIT)
    with pytest.raises(GithubException) as refused:
        client.get_repo("octo/repo-01")
    assert refused.value.status == 429
    house.forget_limits()
    assert client.get_repo("octo/repo-01").name == "repo-01"
    client.close()
