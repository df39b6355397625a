"""Install a GitHub App in an organisation of the sandbox."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from github_sandbox.entities import Account, App, Installation
from github_sandbox.hooks import Hook
from github_sandbox.world import World

PERMISSIONS = {"metadata": "read", "contents": "write", "issues": "write", "pull_requests": "write"}
EVENTS = ["push", "repository", "issues", "pull_request", "label"]


class AppProblem(Exception):
    """A key file that cannot be used; the message says why."""


def read_public_key(path: Path) -> str:
    """The public half, in PEM, of the RSA key in *path*, be it public or private. Raises AppProblem."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AppProblem(f"cannot read the App's key {path}: {error.strerror}") from None
    try:
        private = b"PRIVATE KEY" in data
        key = (
            serialization.load_pem_private_key(data, None).public_key()
            if private
            else serialization.load_pem_public_key(data)
        )
    except (ValueError, TypeError):
        raise AppProblem(f"{path} holds no unencrypted PEM key") from None
    if not isinstance(key, RSAPublicKey):
        raise AppProblem(f"{path} holds no RSA key, which an App's must be")
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


def install_app(world: World, organization: str, app_id: int, public_key: str) -> Installation:
    """Make the App *app_id* and install it in *organization*, which must exist, for all its repositories."""
    org = world.organization(organization)
    if org is None:
        raise AppProblem(f"there is no organisation {organization!r} to install the App in")
    now = world.clock.now()
    world.app = App(app_id, "sandbox-app", "Sandbox App", public_key, org)
    bot = world.add_account(Account(world.next_id(), "sandbox-app[bot]", "Bot", created_at=now, updated_at=now))
    made = Installation(world.next_id(), world.app, org, bot, dict(PERMISSIONS), list(EVENTS), now)
    world.installations[made.id] = made
    hook = Hook(world.next_id(), "integration", app_id, "http://127.0.0.1/unset", ["*"], active=False)
    hook.created_at = hook.updated_at = now
    world.hooks[hook.id] = hook
    return made
