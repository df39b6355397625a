"""Real clients, unmodified, over real HTTP: PyGithub, githubkit and gidgethub against `/api/v3`."""

import asyncio

import pytest
import requests
from pytest_django.live_server_helper import LiveServer

from github_sandbox import changes
from tests.github_cache.gateway.house import ADMIN, House


@pytest.fixture
def base(house: House, live_server: LiveServer, settings) -> str:
    settings.HUBCACHE_PUBLIC_URL = live_server.url
    world = house.handle.world
    org, admin = world.organization("octo"), world.accounts["octo-admin"]
    for number in range(40):
        changes.create_repository(world, org, admin, f"repo-{number:02}", {})
    for number in range(45):
        changes.create_issue(world, house.repository(), admin, f"More {number}", None, [])
    return f"{live_server.url}/api/v3"


@pytest.mark.parametrize("credential", ["key", "token"])
def test_pygithub(house: House, base: str, credential: str) -> None:
    from github import Auth, Github

    client = Github(auth=Auth.Token(house.key if credential == "key" else ADMIN), base_url=base, retry=None)
    names = {repository.full_name for repository in client.get_organization("octo").get_repos()}
    assert len(names) == 42
    hello = client.get_repo("octo/hello")
    assert len(list(hello.get_issues())) == 48
    assert hello.get_contents("README.md").decoded_content == b"# hello\n"
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
    from githubkit.config import Config

    client = GitHub(TokenAuthStrategy(house.key), base_url=f"{base}/", auto_retry=False)
    assert isinstance(client.config, Config)
    issues = list(client.rest.paginate(client.rest.issues.list_for_repo, owner="octo", repo="hello", state="open"))
    assert len(issues) == 48
    data = client.graphql("query($o: String!) { organization(login: $o) { login } }", {"o": "octo"})
    assert data["organization"]["login"] == "octo"


def test_gidgethub(house: House, base: str) -> None:
    from gidgethub.abc import GitHubAPI

    class Client(GitHubAPI):
        async def _request(self, method, url, headers, body=b""):
            answer = requests.request(method, url, headers=headers, data=body, timeout=20)
            return answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content

        async def sleep(self, seconds: float) -> None:
            raise AssertionError("it met a limit")

    async def titles() -> list[str]:
        client = Client("tests", oauth_token=house.key, base_url=base)
        return [issue["title"] async for issue in client.getiter("/repos/octo/hello/issues")]

    assert len(asyncio.run(titles())) == 48


def test_a_short_limit_is_borne_for_the_client(house: House, base: str) -> None:
    from github import Auth, Github

    client = Github(auth=Auth.Token(house.key), base_url=base, retry=None)
    house.handle.faults.add({"kind": "secondary", "retry_after": 1, "count": 1})
    assert client.get_repo("octo/repo-02").name == "repo-02"
    client.close()


def test_a_limit_is_met_and_recovered_from(house: House, base: str) -> None:
    from github import Auth, Github, GithubException

    client = Github(auth=Auth.Token(house.key), base_url=base, retry=None)
    house.handle.faults.add({"kind": "secondary", "retry_after": 30, "count": 1})
    with pytest.raises(GithubException) as refused:
        client.get_repo("octo/repo-01")
    assert refused.value.status == 429
    house.forget_limits()
    assert client.get_repo("octo/repo-01").name == "repo-01"
    client.close()
