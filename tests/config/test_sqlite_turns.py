"""Writers on SQLite take their turn, among threads and among processes, and a dead one does not keep it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.utils import OperationalError

from config.sqlite.base import DatabaseWrapper, Turn

HOLD = """
import sys, time
from config.sqlite.base import Turn
Turn(sys.argv[1]).take(5)
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "db-turn")


@pytest.fixture
def writer(tmp_path: Path, django_db_blocker: Any) -> Iterator[DatabaseWrapper]:
    settings = {**connection.settings_dict, "NAME": str(tmp_path / "db.sqlite3")}
    settings["OPTIONS"] = {**settings["OPTIONS"], "timeout": 0.05}
    wrapper = DatabaseWrapper(settings, "turns")
    with django_db_blocker.unblock():
        yield wrapper
        wrapper.close()


def test_a_turn_is_one_threads_at_a_time(path: str) -> None:
    turn = Turn(path)
    inside, most = [0], [0]

    def work() -> None:
        for _ in range(200):
            turn.take(5)
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            inside[0] -= 1
            turn.give_back()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_a_turn_that_does_not_come_is_a_locked_database(path: str) -> None:
    first = Turn(path)
    first.take(1)
    with pytest.raises(OperationalError, match="locked"):
        Turn(path).take(0.01)
    with pytest.raises(OperationalError, match="locked"):
        first.take(0.01)
    first.give_back()
    Turn(path).take(0.01)


def test_a_process_that_is_killed_gives_its_turn_back(path: str) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OperationalError, match="locked"):
            Turn(path).take(0.01)
        holder.kill()
    Turn(path).take(5)


def test_a_transaction_takes_its_turn_and_gives_it_back(writer: DatabaseWrapper) -> None:
    other = Turn(f"{writer.settings_dict['NAME']}-turn")
    writer.cursor().execute("CREATE TABLE t (n)")
    writer.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    with pytest.raises(OperationalError, match="locked"):
        other.take(0.01)
    writer.commit()
    writer.set_autocommit(True)
    other.take(1)
    with pytest.raises(OperationalError, match="locked"):
        writer.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    other.give_back()


def test_a_rollback_and_a_close_give_it_back_too(writer: DatabaseWrapper) -> None:
    other = Turn(f"{writer.settings_dict['NAME']}-turn")
    for end in (writer.rollback, writer.close):
        writer.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        end()
        other.take(1)
        other.give_back()
        if writer.connection is not None:
            writer.set_autocommit(True)
