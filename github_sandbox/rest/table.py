"""All routes. Within a table the first that fits is taken, so what takes any path stands last."""

from github_sandbox.rest import (
    actions,
    apps,
    contents,
    git,
    hooks,
    issues,
    labels,
    orgs,
    pulls,
    repos,
    root,
    search,
    users,
)
from github_sandbox.routing import Table

TABLE = Table(
    plain=[*root.ROUTES, *users.ROUTES, *search.ROUTES, *apps.ROUTES, *hooks.ROUTES],
    repository=[
        *repos.ROUTES,
        *labels.ROUTES,
        *issues.ROUTES,
        *pulls.ROUTES,
        *git.ROUTES,
        *actions.ROUTES,
        *hooks.REPOSITORY_ROUTES,
        *contents.ROUTES,
    ],
    organization=[*orgs.ROUTES, *hooks.ORGANIZATION_ROUTES, *apps.ORGANIZATION_ROUTES],
)
