"""What a global node ID names, as far as the asking account may see it."""

from collections.abc import Iterator, Sequence
from typing import Any

from github_sandbox.entities import Repository, decode_node_id
from github_sandbox.graphql.asking import Asking, QueryRefused, not_found
from github_sandbox.graphql.sources import Inside, Reference, Said, type_name

_ACCOUNTS = {"User", "Organization", "Bot"}
_BY_REPOSITORY = {"Commit", "Ref"}


def find_nodes(asking: Asking, global_ids: Sequence[str]) -> list[Any | None]:
    """What each of the IDs names, None where nothing visible does. All are sought in one walk over the world."""
    found: dict[tuple[str, str], Any] = {}
    wanted = {parts for text in global_ids if (parts := decode_node_id(text)) is not None}
    for kind, number in wanted:
        if kind in _ACCOUNTS and number.isdecimal():
            account = asking.world.account_by_id(int(number))
            found[kind, number] = account if account and account.kind == kind else None
        elif kind == "Repository" and number.isdecimal():
            found[kind, number] = asking.world.repository_by_id(asking.account, int(number))
        elif kind in _BY_REPOSITORY:
            found[kind, number] = _git_object(asking, kind, number)
    sought = wanted - found.keys()
    if sought:
        for repository in asking.world.visible_repositories(asking.account):
            for database_id, source in _contents(repository):
                if (key := (type_name(source), str(database_id))) in sought:
                    found[key] = source
    return [found.get(decode_node_id(text) or ("", "")) for text in global_ids]


def unresolved(global_id: str) -> QueryRefused:
    return not_found(f"Could not resolve to a node with the global id of '{global_id}'")


def _git_object(asking: Asking, kind: str, text: str) -> Inside[Any] | None:
    number, _, name = text.partition(":")
    repository = asking.world.repository_by_id(asking.account, int(number)) if number.isdecimal() else None
    commit = asking.world.commit(repository, name) if repository and name else None
    if repository is None or commit is None:
        return None
    return Inside(repository, commit if kind == "Commit" else Reference(name, commit))


def _contents(repository: Repository) -> Iterator[tuple[int, Inside[Any]]]:
    for issue in repository.issues.values():
        yield issue.id, Inside(repository, issue)
        for comment in issue.comments:
            yield comment.id, Inside(repository, Said(issue, comment))
    for label in repository.labels.values():
        yield label.id, Inside(repository, label)
    for milestone in repository.milestones.values():
        yield milestone.id, Inside(repository, milestone)
    for release in repository.releases:
        if not release.draft:
            yield release.id, Inside(repository, release)
