"""Sample organisations: exact in number, the same for the same seed, skewed, and of files that parse."""

from collections import Counter

import pytest
import yaml

from github_sandbox.entities import Repository
from github_sandbox.sample import SampleSize, make_world
from github_sandbox.sample.words import ACTIONS, LANGUAGES, PLATFORMS, SERVICES, TOPICS, WORKFLOW_EVENTS
from github_sandbox.world import World


def automations(repository: Repository) -> list[dict[str, object]]:
    """Every workflow and every Home Assistant automation of *repository*, parsed."""
    found: list[dict[str, object]] = []
    for path, file in repository.files.items():
        if path.startswith(".github/workflows/"):
            found.append(yaml.safe_load(file.data))
        elif path.startswith("automations"):
            found += yaml.safe_load(file.data)
    return found


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(SampleSize(repositories=60, automations=700, issues=5, seed=3))


def test_there_are_exactly_as_many_automations_as_asked_for(world: World) -> None:
    assert len(world.repositories) == 60
    assert sum(len(automations(r)) for r in world.repositories.values()) == 700


@pytest.mark.parametrize("size", [SampleSize(0, 0), SampleSize(1, 0), SampleSize(3, 1), SampleSize(7, 5, 0)])
def test_small_organisations_are_exact_too(size: SampleSize) -> None:
    made = make_world(size)
    assert len(made.repositories) == size.repositories
    assert sum(len(automations(r)) for r in made.repositories.values()) == size.automations


def test_the_vocabulary_is_as_large_as_promised() -> None:
    assert len({*WORKFLOW_EVENTS, *PLATFORMS}) == 40
    assert len({*ACTIONS, *SERVICES}) == 2000
    assert len(set(LANGUAGES)) == 20
    assert len(set(TOPICS)) == 500


def test_the_same_seed_makes_the_same_organisation() -> None:
    one, same, other = (make_world(SampleSize(12, 40, seed=seed)) for seed in (1, 1, 2))

    def seen(made: World) -> list[object]:
        return [
            (r.full_name, r.topics, r.languages, r.stargazers, [i.title for i in r.issues.values()],
             {path: file.sha for path, file in r.files.items()})
            for r in made.repositories.values()
        ]  # fmt: skip

    assert seen(one) == seen(same)
    assert seen(one) != seen(other)


def test_some_repositories_are_private_archived_forked_or_renamed(world: World) -> None:
    repositories = list(world.repositories.values())
    assert sum(r.private for r in repositories) == 6
    assert any(r.archived for r in repositories)
    assert any(r.fork and r.parent_id for r in repositories)
    assert any(not r.has_issues for r in repositories)
    assert any(world.find_renamed(None, "octo-sample", f"old-{r.name}") for r in repositories)


def test_few_words_are_common_and_most_are_rare(world: World) -> None:
    used: Counter[str] = Counter()
    for repository in world.repositories.values():
        for automation in automations(repository):
            text = yaml.safe_dump(automation)
            used.update(line.split("uses: ")[1] for line in text.splitlines() if "uses: " in line)
    counts = [count for _, count in used.most_common()]
    assert counts[0] > 10 * counts[len(counts) // 2]
    assert len(used) > 200


def test_most_automations_stand_in_few_repositories(world: World) -> None:
    counts = sorted((len(automations(r)) for r in world.repositories.values()), reverse=True)
    assert sum(counts[:12]) > sum(counts) / 2


def test_both_spellings_of_home_assistant_occur(world: World) -> None:
    keys = {key for r in world.repositories.values() for a in automations(r) for key in a}
    assert {"triggers", "trigger", "actions", "action", "use_blueprint"} <= keys


def test_issues_and_pulls_are_numbered_together(world: World) -> None:
    for repository in world.repositories.values():
        assert len(repository.only_issues()) == 5
        assert list(repository.issues) == list(range(1, len(repository.issues) + 1))


def test_people_see_what_they_should(world: World) -> None:
    admin, guest = world.accounts["octo-admin"], world.accounts["octo-guest"]
    assert len(list(world.visible_repositories(admin))) == 60
    assert len(list(world.visible_repositories(guest))) == 55
    assert len(list(world.visible_repositories(None))) == 54
