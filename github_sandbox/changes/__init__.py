"""Everything that can be done to a world, each telling the listeners what GitHub would send a webhook for.

The callers hold the world's lock and have checked what the account may do.
"""

from github_sandbox.changes.issues import (
    comment,
    create_issue,
    create_milestone,
    edit_comment,
    edit_issue,
    lock,
    open_pull,
    remove_comment,
    set_labels,
)
from github_sandbox.changes.labels import DEFAULT_LABELS, create_label, delete_label, edit_label, new_label
from github_sandbox.changes.pushes import delete_ref, new_commit, push, set_ref
from github_sandbox.changes.repositories import (
    create_repository,
    delete_repository,
    edit_repository,
    publish_release,
    set_topics,
    star,
    unstar,
)

__all__ = [
    "DEFAULT_LABELS",
    "comment",
    "create_issue",
    "create_label",
    "create_milestone",
    "create_repository",
    "delete_label",
    "delete_ref",
    "delete_repository",
    "edit_comment",
    "edit_issue",
    "edit_label",
    "edit_repository",
    "lock",
    "new_commit",
    "new_label",
    "open_pull",
    "publish_release",
    "push",
    "remove_comment",
    "set_labels",
    "set_ref",
    "set_topics",
    "star",
    "unstar",
]
