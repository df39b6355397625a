"""Organisations out of real files."""

from pathlib import Path

import pytest

from github_sandbox.folders import FolderProblem, read_files, repository_folders, world_of
from github_sandbox.recorded import PayloadProblem, read_payloads

WORKFLOW = "name: CI\non: push\njobs:\n  a: {}\n"


def test_each_sub_folder_is_a_repository_hidden_ones_too(tmp_path: Path) -> None:
    parent = tmp_path / "many"
    for name in ("b", ".github", "a", ".git"):
        (parent / name).mkdir(parents=True)
    (parent / "LICENSE").write_text("x")
    single = tmp_path / "home config"
    single.mkdir()
    world = world_of(repository_folders([parent], [single]), "octo", issues=0, seed=1)
    assert [r.name for r in world.repositories.values()] == [".github", "a", "b", "home-config"]


def test_a_workflow_that_stands_elsewhere_is_served_where_github_looks(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    for path in ("ci.yml", "deep/ci.yml", ".github/workflows/own.yml", "broken.yml"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(WORKFLOW if path != "broken.yml" else WORKFLOW + "\t: [")
    (folder / "automations.yaml").write_text("- alias: x\n  trigger: []\n")
    (folder / "notes.txt").write_text(WORKFLOW)
    assert sorted(read_files(folder)) == [
        ".github/workflows/broken.yml",
        ".github/workflows/ci.yml",
        ".github/workflows/deep-ci.yml",
        ".github/workflows/own.yml",
        "automations.yaml",
        "notes.txt",
    ]


def test_languages_and_licence_are_read_off_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / "x.py").write_text("x" * 10)
    (folder / "y.sh").write_text("y" * 5)
    (folder / "LICENSE").write_text("MIT License\n\nCopyright")
    made = next(iter(world_of([folder], "octo", 2, 1).repositories.values()))
    assert made.languages == {"Python": 10, "Shell": 5}
    assert (made.language, made.license, len(made.only_issues())) == ("Python", "mit", 2)


def test_what_is_missing_or_double_is_told(tmp_path: Path) -> None:
    with pytest.raises(FolderProblem, match="there is no folder"):
        repository_folders([tmp_path / "none"], [])
    (tmp_path / "file").write_text("x")
    with pytest.raises(FolderProblem, match="is no folder"):
        repository_folders([], [tmp_path / "file"])
    for parent in ("one", "two"):
        (tmp_path / parent / "same").mkdir(parents=True)
    with pytest.raises(FolderProblem, match="two folders would both be the repository 'same'"):
        repository_folders([tmp_path / "one", tmp_path / "two"], [])


def test_every_real_file_is_served_once(test_data: Path) -> None:
    parent, single = test_data / "workflows", test_data / "home-assistant"
    folders = repository_folders([parent], [single])
    world = world_of(folders, "octo", 0, 1)
    for folder, repository in zip(folders, world.repositories.values(), strict=True):
        on_disk = sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        assert sorted(file.data for file in repository.files.values()) == on_disk
    assert len([w for r in world.repositories.values() for w in world.workflows(r)]) == 176 + 2


def test_issues_and_labels_come_from_recorded_payloads(test_data: Path) -> None:
    recorded = read_payloads(test_data / "webhooks")
    world = world_of([test_data / "home-assistant"], "octo", 0, 1, recorded)
    made = next(iter(world.repositories.values()))
    assert len(made.only_issues()) == len(recorded.issues)
    assert len(made.pulls()) == len(recorded.pulls)
    assert {issue["title"] for issue in recorded.issues} == {issue.title for issue in made.only_issues()}
    assert {label["name"].lower() for label in recorded.labels} <= made.labels.keys()
    assert "codertocat" in world.accounts


def test_a_folder_without_payloads_is_told(tmp_path: Path) -> None:
    with pytest.raises(PayloadProblem, match="hold no issue"):
        read_payloads(tmp_path)
    with pytest.raises(PayloadProblem, match="there is no folder"):
        read_payloads(tmp_path / "none")
    (tmp_path / "issues.json").write_text("{")
    with pytest.raises(PayloadProblem, match="cannot read the payloads"):
        read_payloads(tmp_path)
