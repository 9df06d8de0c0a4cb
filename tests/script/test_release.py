"""`script/release` makes what HACS installs, and only for the right tag."""

import json
from pathlib import Path
import shutil
import subprocess
from zipfile import ZipFile

import pytest

from script.house_rules import ROOT

INTEGRATION = "custom_components/metering_hub"
CHANGELOG = "## Unreleased\n\n- Later.\n\n## {}\n\n- Now.\n\n## 1.1.0\n\n- Old.\n"


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    return subprocess.run(  # noqa: S603  It is our own command.
        command, cwd=folder, check=False, capture_output=True, text=True
    )


def commit(folder: Path) -> None:
    """Make a repository of a folder, and commit all of its files."""
    person = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "add", ".")
    assert not run(folder, "git", *person, "commit", "-m", "All").returncode


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a committed repository of version 1.2.0, with a file that is not."""
    for name, text in {
        f"{INTEGRATION}/manifest.json": '{"version": "1.2.0"}',
        f"{INTEGRATION}/backends/base.py": "",
        "CHANGELOG.md": CHANGELOG.format("1.2.0"),
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "script").mkdir()
    shutil.copy(ROOT / "script" / "release", tmp_path / "script")
    commit(tmp_path)
    (tmp_path / INTEGRATION / "notes.txt").write_text("not committed")
    return tmp_path


def test_the_files_of_a_release(repository: Path) -> None:
    """The integration's files are at the root of the archive."""
    done = run(repository, "script/release", "v1.2.0")
    assert done.returncode == 0, done.stderr
    with ZipFile(repository / "metering_hub.zip") as archive:
        files = [name for name in archive.namelist() if not name.endswith("/")]
    assert files == ["backends/base.py", "manifest.json"]
    assert (repository / "release_notes.md").read_text().strip() == "- Now."
    checked = run(repository, "sha256sum", "--check", "metering_hub.zip.sha256")
    assert checked.stdout == "metering_hub.zip: OK\n"


def test_the_next_release_of_this_repository_has_notes(tmp_path: Path) -> None:
    """The version of the manifest is one whose section is in the changelog."""
    shutil.copytree(ROOT / INTEGRATION, tmp_path / INTEGRATION)
    (tmp_path / "script").mkdir()
    shutil.copy(ROOT / "script" / "release", tmp_path / "script")
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)
    commit(tmp_path)
    manifest = json.loads((ROOT / INTEGRATION / "manifest.json").read_text())
    done = run(tmp_path, "script/release", f"v{manifest['version']}")
    assert done.returncode == 0, done.stderr
    with ZipFile(tmp_path / "metering_hub.zip") as archive:
        assert json.loads(archive.read("manifest.json")) == manifest
    assert "\n### " in (tmp_path / "release_notes.md").read_text()


@pytest.mark.parametrize("tag", ["v1.2.1", "1.2.0", "v1.2", ""])
def test_another_tag_is_refused(repository: Path, tag: str) -> None:
    assert run(repository, "script/release", tag).returncode == 1
    assert not (repository / "metering_hub.zip").exists()


@pytest.mark.parametrize("version", ["1.2.01", "1.2.0-rc1", "1x2x0"])
def test_a_version_without_notes_is_refused(repository: Path, version: str) -> None:
    (repository / "CHANGELOG.md").write_text(CHANGELOG.format(version))
    done = run(repository, "script/release", "v1.2.0")
    assert done.returncode == 1
    assert "CHANGELOG.md" in done.stderr
