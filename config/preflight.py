"""Asked of GitHub before anything starts: does it answer, does it take each token, does it know the organisation?"""

from collections.abc import Iterator

from config.env import Env
from github_cache.upstream import transport
from github_cache.upstream.errors import UpstreamError
from github_cache.upstream.protocol import Call

TIMEOUTS = transport.Timeouts(connect=5.0, read=10.0)


def faults(env: Env) -> Iterator[str]:
    """A sentence for each thing that has to be put right; costs a free call per token, and one for the organisation."""
    for number, token in enumerate(env.tokens, 1):
        name = "GITHUB_TOKEN" if token == env.GITHUB_TOKEN else f"Token {number} of GITHUB_TOKENS"
        try:
            status = _status("/rate_limit", token)
        except UpstreamError as error:
            yield f"GitHub at {env.GITHUB_API_URL} does not answer ({error.message}): see GITHUB_API_URL."
            return
        if status == 401:
            yield f"{name} is not accepted by {env.GITHUB_API_URL}: make a new token and set it."
    if env.HUBCACHE_ORG and env.tokens:
        yield from _organisation(env)


def _organisation(env: Env) -> Iterator[str]:
    try:
        status = _status(f"/users/{env.HUBCACHE_ORG}", env.tokens[0])
    except UpstreamError as error:
        yield f"GitHub at {env.GITHUB_API_URL} does not answer ({error.message})."
        return
    if status == 404:
        yield f"GitHub knows no organisation or user {env.HUBCACHE_ORG!r}, or hides it: see HUBCACHE_ORG."


def _status(target: str, token: str) -> int:
    with transport.send(Call("GET", target), token, TIMEOUTS) as raw:
        return raw.status
