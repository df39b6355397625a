"""Repositories: settings, topics, stars, releases (events `repository`, `public`, `star`, `watch`, `release`)."""

from typing import Any

from github_sandbox.bodies.repositories import release_body
from github_sandbox.changes.labels import DEFAULT_LABELS, new_label
from github_sandbox.changes.pushes import push, set_ref
from github_sandbox.changes.telling import tell, urls_of
from github_sandbox.clock import iso
from github_sandbox.entities import Account, Release, Repository
from github_sandbox.world import World

SWITCHES = ("has_issues", "has_projects", "has_wiki", "has_discussions", "is_template")
_TEXTS = ("description", "homepage", "default_branch")


def create_repository(world: World, owner: Account, sender: Account, name: str, wish: dict[str, Any]) -> Repository:
    """*wish*: any of description, private, visibility, homepage, auto_init and the switches."""
    now = world.clock.now()
    private = wish.get("visibility", "private" if wish.get("private") else "public")
    made = Repository(world.next_id(), name, owner, wish.get("description"), private, homepage=wish.get("homepage"))
    made.created_at = made.updated_at = made.pushed_at = now
    for switch in SWITCHES:
        if switch in wish:
            setattr(made, switch, bool(wish[switch]))
    for label, colour, description in DEFAULT_LABELS:
        new_label(world, made, label, colour, description, default=True)
    world.add_repository(made)
    tell(world, "repository", {"action": "created"}, made, sender)
    if wish.get("auto_init"):
        push(world, made, sender, {"README.md": f"# {name}\n".encode()}, "Initial commit")
    return made


def edit_repository(world: World, repository: Repository, sender: Account, wish: dict[str, Any]) -> None:
    """*wish*: any of name, description, homepage, default_branch, private, visibility, archived and the switches.

    Renaming, hiding, showing and archiving are each an event of their own.
    """
    edited = {name: {"from": getattr(repository, name)} for name in _TEXTS if _differs(repository, name, wish)}
    for name in [*edited, *(s for s in SWITCHES if _differs(repository, s, wish))]:
        setattr(repository, name, wish[name])
    repository.updated_at = world.clock.now()
    if edited:
        tell(world, "repository", {"action": "edited", "changes": edited}, repository, sender)
    if "name" in wish and wish["name"] != repository.name:
        before = repository.name
        world.rename(repository, wish["name"])
        renamed = {"repository": {"name": {"from": before}}}
        tell(world, "repository", {"action": "renamed", "changes": renamed}, repository, sender)
    visibility = wish.get("visibility") or _visibility(repository, wish.get("private"))
    if visibility != repository.visibility:
        was_private, repository.visibility = repository.private, visibility
        if was_private != repository.private:
            action = "privatized" if repository.private else "publicized"
            tell(world, "repository", {"action": action}, repository, sender)
        if not repository.private:
            tell(world, "public", {}, repository, sender)
    if "archived" in wish and bool(wish["archived"]) != repository.archived:
        repository.archived = bool(wish["archived"])
        action = "archived" if repository.archived else "unarchived"
        tell(world, "repository", {"action": action}, repository, sender)


def set_topics(world: World, repository: Repository, sender: Account, topics: list[str]) -> None:
    before, repository.topics = repository.topics, topics
    repository.updated_at = world.clock.now()
    if before != topics:
        changes = {"topics": {"from": before}}
        tell(world, "repository", {"action": "edited", "changes": changes}, repository, sender)


def delete_repository(world: World, repository: Repository, sender: Account) -> None:
    """Delete it, and its hooks once they have been told."""
    world.remove_repository(repository)
    tell(world, "repository", {"action": "deleted"}, repository, sender)
    for hook in world.hooks_of("repository", repository.id):
        del world.hooks[hook.id]


def star(world: World, repository: Repository, account: Account) -> None:
    if account.login in repository.starred_by:
        return
    repository.starred_by.add(account.login)
    repository.stargazers += 1
    created = {"action": "created", "starred_at": iso(world.clock.now())}
    tell(world, "star", created, repository, account)
    tell(world, "watch", {"action": "started"}, repository, account)


def unstar(world: World, repository: Repository, account: Account) -> None:
    if account.login not in repository.starred_by:
        return
    repository.starred_by.discard(account.login)
    repository.stargazers -= 1
    tell(world, "star", {"action": "deleted", "starred_at": None}, repository, account)


def publish_release(world: World, repository: Repository, sender: Account, tag: str, wish: dict[str, Any]) -> Release:
    """*wish*: any of name, body, draft, prerelease. The tag is made on the default branch where it is missing."""
    now = world.clock.now()
    draft = bool(wish.get("draft"))
    made = Release(
        world.next_id(),
        tag,
        wish.get("name") or tag,
        wish.get("body") or "",
        sender,
        now,
        None if draft else now,
        draft,
        bool(wish.get("prerelease")),
    )
    repository.releases.insert(0, made)
    if not draft:
        if tag not in repository.tags and repository.head:
            set_ref(world, repository, sender, f"refs/tags/{tag}", repository.head)
        body = release_body(repository, made, urls_of(world))
        tell(world, "release", {"action": "published", "release": body}, repository, sender)
    return made


def _differs(repository: Repository, name: str, wish: dict[str, Any]) -> bool:
    return name in wish and wish[name] != getattr(repository, name)


def _visibility(repository: Repository, private: bool | None) -> str:
    if private is None:
        return repository.visibility
    return "private" if private else "public"
