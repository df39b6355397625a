"""The main job on real input: an organisation of real files, cached, searchable, and kept fresh by webhooks."""

import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from github import Auth, Github

from tests.journeys.house import House, manage, running, until

pytestmark = pytest.mark.xdist_group("house")


# Small pages, and none of the client's own pauses between two requests.
CLIENT: dict[str, Any] = {"per_page": 4, "seconds_between_requests": None, "seconds_between_writes": None}


class Plain(yaml.CBaseLoader):
    """Every scalar stays text, so `on` stays `on`; tags of others stand for nothing."""


Plain.add_multi_constructor("!", lambda loader, suffix, node: suffix)


def workflow_files(folder: Path) -> Iterator[tuple[Path, dict[str, Any] | None]]:
    """The workflow files below a folder, read without any of our own code; None where one does not parse."""
    for path in sorted(folder.rglob("*.y*ml")):
        text = path.read_text()
        try:
            document = yaml.load(text, Plain)
        except yaml.YAMLError:
            if "\njobs:" in text:
                yield path, None
            continue
        if isinstance(document, dict) and "on" in document and "jobs" in document:
            yield path, document


def triggers_of(document: dict[str, Any]) -> set[str]:
    on = document["on"]
    return {on} if isinstance(on, str) else set(on)


@pytest.fixture(scope="module")
def options(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return (
        f"--from-folder {test_data}/workflows --repository {test_data}/home-assistant --payloads {test_data}/webhooks"
    )


@pytest.fixture(scope="module")
def house(options: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house"), options) as started:
        yield started


def counts(house: House, facet: str, **parameters: Any) -> dict[str, int]:
    listed = house.json(f"/api/v1/facets/{facet}", limit=1000, **parameters)["values"]
    return {value["value"]: value["count"] for value in listed}


def test_it_says_what_to_open_and_prints_the_key_once(house: House) -> None:
    assert f"Hubcache runs at {house.url}" in house.text
    assert "sandbox GitHub" in house.text
    assert house.text.count("API key: hc_") == 1
    assert house.text.count("curl ") == 3


def test_every_part_is_well(house: House) -> None:
    until(lambda: house.json("/health")["status"] == "ok", "every part to be well", 60)


def test_facets_count_what_stands_in_the_files(house: House, test_data: Path) -> None:
    folders = [test_data / "workflows", test_data / "home-assistant" / ".github"]
    read = [found for folder in folders for found in workflow_files(folder)]
    expected = Counter(trigger for _, document in read if document for trigger in triggers_of(document))
    assert counts(house, "trigger", kind="github_actions") == dict(expected)
    assert house.json("/api/v1/stats")["by_kind"]["github_actions"] == sum(document is not None for _, document in read)


def test_home_assistant_automations_are_all_there(house: House, test_data: Path) -> None:
    folder = test_data / "home-assistant"
    lists = [yaml.load(path.read_text(), Plain) for path in (folder / "automations").glob("*.yaml")]
    lists.append(yaml.load((folder / "automations.yaml").read_text(), Plain))
    written = sum(len(items) for items in lists if isinstance(items, list))
    assert house.json("/api/v1/stats")["by_kind"]["home_assistant"] == written


def test_every_file_is_indexed_or_listed_with_the_reason(house: House, test_data: Path) -> None:
    broken = {path.name for path, document in workflow_files(test_data / "workflows") if document is None}
    assert len(broken) == 2
    listed = set()
    for repository in house.json("/api/v1/search", kind="repository", per_page=100)["results"]:
        page = house.get(f"/repositories/{repository['repository']}").text
        listed |= {name for name in broken if "could not be read" in page and name in page}
    assert listed == broken


def test_a_client_lists_everything_over_several_pages(house: House) -> None:
    github = Github(base_url=f"{house.url}/api/v3", auth=Auth.Token("ghp_sandbox_admin_1"), **CLIENT)
    repositories = list(github.get_organization("octo-sample").get_repos())
    assert len(repositories) > 4
    assert len({repository.id for repository in repositories}) == len(repositories)
    issues = [issue for repository in repositories for issue in repository.get_issues(state="all")]
    assert issues
    assert all(issue.title for issue in issues)


def test_the_second_read_of_everything_is_free(house: House) -> None:
    names = [repository["full_name"] for repository in house.json("/api/v1/github/orgs/octo-sample/repos")]
    paths = [
        f"/api/v1/github/{name}/{part}"
        for name in names
        for part in ("info", "languages", "issues", "pulls", "workflows")
    ]
    paths += [f"/api/v3/repos/{name}{part}" for name in names for part in ("", "/languages", "/labels", "/issues")]
    first = {path: house.json(path) for path in paths}
    before = len(house.calls())
    for path in paths:
        answer = house.get(path)
        assert answer.headers["X-Cache"] == "HIT", (path, answer.headers)
        assert answer.json() == first[path]
    assert len(house.calls()) == before


def test_a_push_is_found_by_search(house: House) -> None:
    found = house.json("/api/v1/search", q="trigger:workflow_dispatch zanzibar")
    assert found["total"] == 0
    repository = house.json("/api/v1/search", kind="github_actions", per_page=1)["results"][0]["repository"]
    house.control(
        "POST",
        "/files",
        repository=repository,
        path=".github/workflows/zanzibar.yml",
        content="name: Zanzibar\non: workflow_dispatch\njobs: {a: {runs-on: x, steps: [{uses: acme/zanzibar@v1}]}}\n",
        message="Go to Zanzibar",
    )
    found = until(
        lambda: (answer := house.json("/api/v1/search", q="trigger:workflow_dispatch zanzibar"))["total"] and answer,
        "the pushed workflow to be found",
    )
    assert found["results"][0]["path"] == ".github/workflows/zanzibar.yml"
    listed = until(
        lambda: [
            workflow
            for workflow in house.json(f"/api/v1/github/{repository}/workflows")
            if workflow["name"] == "Zanzibar"
        ],
        "the pushed workflow to be listed",
    )
    assert listed


def test_an_event_makes_the_next_read_new(house: House) -> None:
    repository = house.json("/api/v1/search", kind="repository", per_page=1)["results"][0]["repository"]
    path = f"/api/v3/repos/{repository}"
    house.json(path)
    github = Github(base_url=house.github, auth=Auth.Token("ghp_sandbox_admin_1"))
    github.get_repo(repository).edit(description="as it is after the event")
    until(lambda: house.json(path)["description"] == "as it is after the event", "the new description")


def test_commands_in_another_shell_work_on_the_house_that_runs(house: House) -> None:
    repository = house.json("/api/v1/search", kind="repository", per_page=1)["results"][0]["repository"]
    path = f"/api/v3/repos/{repository}"
    house.json(path)
    assert house.get(path).headers["X-Cache"] == "HIT"
    explained = manage(house.folder, "explain", path)
    assert "fresh for" in explained.stdout, explained
    cleared = manage(house.folder, "clear_cache")
    assert cleared.returncode == 0, cleared
    assert house.get(path).headers["X-Cache"] == "MISS"
    synced = manage(house.folder, "sync", "octo-sample")
    assert synced.returncode == 0, synced
    again = manage(house.folder, "up")
    assert again.returncode == 1
    assert "runs already" in again.stderr


def test_the_page_shows_search_and_facets(house: House) -> None:
    page = house.get("/", q="trigger:push").text
    assert "results" in page
    assert "Trigger" in page
    assert house.get("/status").status_code == 200


def test_ctrl_c_ends_every_child(options: str, tmp_path: Path) -> None:
    with running(tmp_path, "--level 1 --repos 3 --automations 6") as house:
        children = house.children()
        assert len(children) >= 5
        os.kill(house.process.pid, signal.SIGINT)
        assert house.process.wait(60) == 0
        assert not psutil.wait_procs(children, timeout=10)[1]
        assert not (tmp_path / "running.json").exists()


def test_without_redis_everything_is_answered(tmp_path: Path) -> None:
    with running(tmp_path, "--level 1 --repos 4 --automations 20", REDIS_ENABLED="false") as house:
        assert "Redis: none" in house.text
        assert house.json("/api/v1/stats")["automations"] > 0
        repository = house.json("/api/v1/search", kind="repository", per_page=1)["results"][0]["repository"]
        path = f"/api/v3/repos/{repository}"
        house.json(path)
        assert house.get(path).headers["X-Cache"] == "HIT"
        Github(base_url=house.github, auth=Auth.Token("ghp_sandbox_admin_1")).get_repo(repository).edit(
            description="new"
        )
        until(lambda: house.json(path)["description"] == "new", "the new description")
        until(lambda: house.json("/health")["parts"]["background"]["state"] == "ok", "scheduled work to run", 60)
    shutil.rmtree(tmp_path)
