"""How a change is told: one happening, with the URLs that webhook payloads bear."""

from typing import Any

from github_sandbox.bodies.urls import Urls
from github_sandbox.entities import Account, Repository
from github_sandbox.world import Happening, World


def urls_of(world: World) -> Urls:
    return Urls(world.api_url, world.html_url)


def tell(world: World, event: str, payload: dict[str, Any], repository: Repository, sender: Account) -> None:
    """*payload*: what the event's body holds beside repository, organization and sender."""
    owner = repository.owner
    organization = owner if owner.kind == "Organization" else None
    world.happened(Happening(event, payload, sender, repository, organization))
