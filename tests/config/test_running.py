"""What a running `manage.py up` tells the commands of other shells."""

from pathlib import Path

from config import running


def test_it_is_told_as_long_as_it_runs(tmp_path: Path) -> None:
    assert running.told(tmp_path) is None
    with running.telling(tmp_path, {"REDIS_URL": "unix:///r.sock"}):
        assert running.told(tmp_path) == {"REDIS_URL": "unix:///r.sock"}
    assert running.told(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    with running.telling(tmp_path, {"GITHUB_TOKEN": "t"}):
        assert (tmp_path / running.NAME).stat().st_mode & 0o777 == 0o600


def test_what_a_killed_one_left_behind_says_nothing(tmp_path: Path) -> None:
    with running.telling(tmp_path, {"REDIS_URL": "unix:///r.sock"}):
        left = (tmp_path / running.NAME).read_text()
    (tmp_path / running.NAME).write_text(left)
    assert running.told(tmp_path) is None
    with running.telling(tmp_path, {"REDIS_URL": "unix:///new.sock"}):
        assert running.told(tmp_path) == {"REDIS_URL": "unix:///new.sock"}
