"""A sync whose process is gone can be gone on with at once."""

import subprocess
import sys

from stats.runners import is_gone, this_process


def test_this_process_is_not_gone() -> None:
    assert not is_gone(this_process())


def test_a_process_that_ended_is_gone() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from stats.runners import this_process; print(this_process())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert is_gone(told.stdout.strip())


def test_a_number_given_again_is_another_process() -> None:
    host, number, _ = this_process().split("/")
    assert is_gone(f"{host}/{number}/1.00")


def test_nothing_is_known_of_another_machine_or_of_rubbish() -> None:
    assert not is_gone("elsewhere/1/1.00")
    assert not is_gone("")
    assert not is_gone("a/b/c/d")
