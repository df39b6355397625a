"""Who a request is made as, from its `Authorization`: a token, basic credentials with a token, or an App's JWT."""

import base64
import hashlib

import jwt
from jwt.types import Options

from github_sandbox.call import Refused
from github_sandbox.entities import Account, App, Installation, Token
from github_sandbox.world import World

INSTALLATION_TOKEN_SECONDS = 3600
_SIGNATURE_ONLY: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}


def authenticate(world: World, authorization: str | None) -> Token | App | None:
    """The token or App that *authorization* proves, None where it is absent; Refused 401 where it proves nothing."""
    if not authorization:
        return None
    scheme, _, value = authorization.strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "basic":
        value = _password(value)
    elif scheme.lower() not in ("token", "bearer"):
        raise Refused(401, "Bad credentials")
    if token := world.token(value):
        return token
    if value.count(".") == 2 and scheme.lower() == "bearer":
        return _app(world, value)
    raise Refused(401, "Bad credentials")


def issue_installation_token(world: World, installation: Installation) -> Token:
    """A token that acts as the installation for an hour. Each one differs, as GitHub's do."""
    seed = f"{installation.id}:{world.next_id()}".encode()
    value = f"ghs_sandbox{hashlib.sha256(seed).hexdigest()[:29]}"
    expires = world.clock.now() + INSTALLATION_TOKEN_SECONDS
    return world.add_token(Token(value, installation.bot, (), expires, installation))


def is_member(organization: Account, account: Account | None) -> bool:
    return account is not None and account.login in organization.members


def _password(encoded: str) -> str:
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise Refused(401, "Bad credentials") from None
    return password if password not in ("", "x-oauth-basic") else user


def _app(world: World, value: str) -> App:
    if world.app is None:
        raise Refused(401, "A JSON web token could not be decoded")
    try:
        # Whether it is still valid is judged by the sandbox's clock, not by the machine's.
        claims = jwt.decode(value, world.app.public_key, algorithms=["RS256"], options=_SIGNATURE_ONLY)
    except jwt.InvalidTokenError:
        raise Refused(401, "A JSON web token could not be decoded") from None
    now = world.clock.now()
    if str(claims.get("iss")) != str(world.app.id):
        raise Refused(401, "'Issuer' claim ('iss') must be an Integer")
    if not isinstance(claims.get("exp"), int | float) or claims["exp"] <= now:
        raise Refused(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time")
    if claims["exp"] > now + 660:
        raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
    return world.app
