"""Labels: create, edit, delete (event `label`)."""

from typing import Any

from github_sandbox.bodies.issues import label_body
from github_sandbox.changes.telling import tell, urls_of
from github_sandbox.entities import Account, Label, Repository
from github_sandbox.world import World

DEFAULT_LABELS: tuple[tuple[str, str, str], ...] = (
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("duplicate", "cfd3d7", "This issue or pull request already exists"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("good first issue", "7057ff", "Good for newcomers"),
    ("help wanted", "008672", "Extra attention is needed"),
    ("invalid", "e4e669", "This doesn't seem right"),
    ("question", "d876e3", "Further information is requested"),
    ("wontfix", "ffffff", "This will not be worked on"),
)
"""Name, colour and description of the labels that every new repository has."""
PLAIN_COLOUR = "ededed"


def new_label(
    world: World, repository: Repository, name: str, colour: str, description: str | None = None, default: bool = False
) -> Label:
    """Add a label without telling anyone."""
    label = Label(world.next_id(), name, colour, description, default, updated_at=world.clock.now())
    repository.labels[name.lower()] = label
    return label


def create_label(
    world: World, repository: Repository, sender: Account, name: str, colour: str, description: str | None
) -> Label:
    label = new_label(world, repository, name, colour, description)
    _tell(world, repository, sender, label, "created", {})
    return label


def edit_label(world: World, repository: Repository, sender: Account, label: Label, wish: dict[str, Any]) -> None:
    """*wish*: any of `name`, `color`, `description`."""
    changes: dict[str, Any] = {}
    for name in ("name", "color", "description"):
        if name in wish and wish[name] != getattr(label, name):
            changes[name] = {"from": getattr(label, name)}
    del repository.labels[label.name.lower()]
    for name in changes:
        setattr(label, name, wish[name])
    label.updated_at = world.clock.now()
    repository.labels[label.name.lower()] = label
    _tell(world, repository, sender, label, "edited", {"changes": changes})


def delete_label(world: World, repository: Repository, sender: Account, label: Label) -> None:
    del repository.labels[label.name.lower()]
    for issue in repository.issues.values():
        issue.labels = [kept for kept in issue.labels if kept.id != label.id]
    _tell(world, repository, sender, label, "deleted", {})


def _tell(
    world: World, repository: Repository, sender: Account, label: Label, action: str, more: dict[str, Any]
) -> None:
    payload = {"action": action, "label": label_body(repository, label, urls_of(world))} | more
    tell(world, "label", payload, repository, sender)
