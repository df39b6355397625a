"""Several processes count into one folder: sums are right, the dead are kept, and their files are not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from github_cache import metric_files

COUNTS = """
import sys
from prometheus_client import Counter, Gauge, Histogram
Counter("reads", "Reads.", ["kind"]).labels("repo").inc(float(sys.argv[1]))
Histogram("seconds", "Seconds.").observe(float(sys.argv[1]))
Gauge("held", "Held.", multiprocess_mode="livesum").set(float(sys.argv[1]))
Gauge("newest", "Newest.", multiprocess_mode="max").set(float(sys.argv[1]))
Gauge("told", "Told.", multiprocess_mode="mostrecent").set(float(sys.argv[1]))
if len(sys.argv) > 2:
    print("counted", flush=True)
    sys.stdin.read()
"""


def count(folder: Path, amount: int, *more: str) -> "subprocess.Popen[str]":
    """A process that counts `amount`; with `more` it lives until its input is closed."""
    return subprocess.Popen(
        [sys.executable, "-c", COUNTS, str(amount), *more],
        env={**os.environ, metric_files.VARIABLE: str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def samples() -> dict[str, float]:
    return {sample.name: sample.value for family in metric_files.collect() for sample in family.samples}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(metric_files.VARIABLE, str(tmp_path))
    return tmp_path


def test_what_the_dead_counted_stays_counted(folder: Path) -> None:
    for amount in (1, 2, 3):
        count(folder, amount).communicate()
    for _ in range(2):
        found = samples()
        assert found["reads_total"] == 6
        assert found["seconds_sum"] == 6
        assert found["seconds_count"] == 3
        assert found["newest"] == 3
        assert found["told"] == 3
        assert "held" not in found
    assert {file.stem for file in folder.glob("*.db")} == {
        "counter_0", "histogram_0", "gauge_max_0", "gauge_mostrecent_0",
    }  # fmt: skip


def test_the_living_are_left_alone(folder: Path) -> None:
    count(folder, 1).communicate()
    living = count(folder, 5, "stay")
    assert living.stdout is not None
    living.stdout.readline()
    found = samples()
    assert (found["reads_total"], found["held"]) == (6, 5)
    assert (folder / f"counter_{living.pid}.db").exists()
    living.communicate()
    found = samples()
    assert found["reads_total"] == 6
    assert "held" not in found


def test_a_start_of_everything_begins_at_nothing(folder: Path) -> None:
    count(folder, 1).communicate()
    metric_files.clear(folder)
    assert samples() == {}
