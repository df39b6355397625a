"""Workflows of GitHub Actions (docs.github.com/rest/actions/workflows)."""

from github_sandbox.bodies.files import workflow_body
from github_sandbox.call import Answer, Call, not_found, nothing
from github_sandbox.entities import Repository
from github_sandbox.rest.paging import page_of, repository_url
from github_sandbox.routing import Route
from github_sandbox.world import Workflow


def workflows(call: Call, repository: Repository) -> Answer:
    found = call.world.workflows(repository)
    url = repository_url(call, repository, "/actions/workflows")
    answer = page_of(call, found, url, lambda w: workflow_body(repository, w, call.urls))
    answer.body = {"total_count": len(found), "workflows": answer.body}
    return answer


def workflow(call: Call, repository: Repository, name: str) -> Answer:
    return Answer(workflow_body(repository, _workflow(call, repository, name), call.urls))


def disable(call: Call, repository: Repository, name: str) -> Answer:
    live = call.writable(repository)
    live.workflow_states[_workflow(call, live, name).path] = "disabled_manually"
    return nothing()


def enable(call: Call, repository: Repository, name: str) -> Answer:
    live = call.writable(repository)
    live.workflow_states.pop(_workflow(call, live, name).path, None)
    return nothing()


def runs(call: Call, repository: Repository) -> Answer:
    """Nothing runs in the sandbox: an empty list of the documented shape."""
    return Answer({"total_count": 0, "workflow_runs": []})


def _workflow(call: Call, repository: Repository, name: str) -> Workflow:
    """By ID or by file name."""
    for found in call.world.workflows(repository):
        if name in (str(found.id), found.path.rpartition("/")[2]):
            return found
    raise not_found()


ROUTES = [
    Route("GET", "/actions/workflows", workflows, "repo"),
    Route("GET", "/actions/workflows/{id}", workflow, "repo"),
    Route("PUT", "/actions/workflows/{id}/disable", disable, "repo"),
    Route("PUT", "/actions/workflows/{id}/enable", enable, "repo"),
    Route("GET", "/actions/runs", runs, "repo"),
]
