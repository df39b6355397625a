"""`python -m github_sandbox`: serve a sample organisation, or real folders, on loopback until interrupted."""

import argparse
import os
import re
import signal
import sys
from functools import partial
from pathlib import Path

from github_sandbox.apps import AppProblem, install_app, read_public_key
from github_sandbox.folders import FolderProblem, repository_folders, world_of
from github_sandbox.recorded import PayloadProblem, read_payloads
from github_sandbox.sample import SampleSize, make_world
from github_sandbox.server import bind
from github_sandbox.world import World

LEVELS = {1: (50, 500), 2: (500, 5_000), 3: (2_000, 20_000)}
"""--level -> repositories, automations."""
_LOGIN = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}")


def main() -> int:
    """Parse, build, bind, serve; the exit code. Everything that is wrong is one sentence on stderr."""
    options = parser().parse_args()
    try:
        port = options.port if options.port is not None else _port(os.environ.get("SANDBOX_PORT", "8001"))
        recipe = _recipe(options)
        world = recipe()
    except (FolderProblem, PayloadProblem, AppProblem, ValueError, argparse.ArgumentTypeError) as error:
        print(f"github_sandbox: {error}", file=sys.stderr)
        return 2
    try:
        server = bind(world, options.host, port, recipe)
    except OSError as error:
        reason = error.strerror or str(error)
        print(f"github_sandbox: cannot listen on {options.host}:{port}: {reason}", file=sys.stderr)
        return 1
    private = sum(r.private for r in world.repositories.values())
    print(
        f"github_sandbox: {server.url} serves {options.org} with {len(world.repositories)} repositories"
        f" ({private} private); tokens: {', '.join(world.tokens)}",
        flush=True,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        return 0
    finally:
        server.sandbox.closing.set()
        server.server_close()
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m github_sandbox", description=__doc__)
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    made.add_argument("--port", type=_port, help="port, 0 for a free one (SANDBOX_PORT, or 8001)")
    made.add_argument("--level", type=int, choices=LEVELS, default=1, help="1: 50 repositories / 500 automations,"
                        " 2: 500 / 5,000, 3: 2,000 / 20,000 (%(default)s)")  # fmt: skip
    made.add_argument("--repos", type=_count, help="repositories, instead of the level's")
    made.add_argument("--automations", type=_count, help="automations in all, instead of the level's")
    made.add_argument("--issues", type=_count, default=4, help="issues for each repository (%(default)s)")
    made.add_argument("--seed", type=int, default=1, help="another seed, another organisation (%(default)s)")
    made.add_argument("--org", default="octo-sample", help="name of the organisation (%(default)s)")
    made.add_argument("--from-folder", type=Path, action="append", default=[], metavar="PATH",
                        help="make each of its sub-folders a repository; may be repeated")  # fmt: skip
    made.add_argument("--repository", type=Path, action="append", default=[], metavar="PATH",
                        help="make this folder a repository; may be repeated")  # fmt: skip
    made.add_argument("--payloads", type=Path, metavar="PATH",
                        help="take issues and labels of real folders from this folder of webhook payloads")  # fmt: skip
    made.add_argument("--app-id", type=_count, default=1001, help="ID of the GitHub App (%(default)s)")
    made.add_argument("--app-key", type=Path, metavar="PATH",
                        help="PEM file with the App's key: install that App in the organisation")  # fmt: skip
    return made


def _recipe(options: argparse.Namespace) -> partial[World]:
    key = read_public_key(options.app_key) if options.app_key else None
    return partial(_world, options, key)


def _world(options: argparse.Namespace, app_key: str | None) -> World:
    if not _LOGIN.fullmatch(options.org):
        raise ValueError(f"--org must be letters, digits and single hyphens, not {options.org!r}")
    if options.from_folder or options.repository:
        folders = repository_folders(options.from_folder, options.repository)
        recorded = read_payloads(options.payloads) if options.payloads else None
        world = world_of(folders, options.org, options.issues, options.seed, recorded)
    elif options.payloads:
        raise ValueError("--payloads needs --from-folder or --repository beside it")
    else:
        repositories, automations = LEVELS[options.level]
        repositories = repositories if options.repos is None else options.repos
        automations = automations if options.automations is None else options.automations
        if automations and not repositories:
            raise ValueError("--automations needs at least one repository to stand in")
        world = make_world(SampleSize(repositories, automations, options.issues, options.seed, options.org))
    if app_key is not None:
        install_app(world, options.org, options.app_id, app_key)
    return world


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 0, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
