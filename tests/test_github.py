"""Workflows, forms and hooks are valid, and fit the scripts that they call."""

import json
from pathlib import Path
import re
from typing import Any

import pytest

from homeassistant.util.yaml import load_yaml_dict
from script.house_rules import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = [GITHUB / "ISSUE_TEMPLATE" / f"{name}.yml" for name in ("bug", "feature")]
PINNED = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40}")
SCRIPT = re.compile(r"(?<![\w/.])(?:script|\.ci)/\w+")

type Yaml = dict[str, Any]


def read(file: Path) -> Yaml:
    """Return the content of a YAML file."""
    return load_yaml_dict(file)


def named(file: Path) -> str:
    """Return the name of a test case."""
    return file.stem


def test_all_files_are_valid_yaml() -> None:
    files = [*GITHUB.rglob("*.yml"), ROOT / ".pre-commit-config.yaml"]
    assert len(files) >= 7
    assert all(read(file) for file in files)


@pytest.mark.parametrize("file", WORKFLOWS, ids=named)
def test_workflows_have_few_rights_and_a_time_limit(file: Path) -> None:
    """The token of a workflow may nothing; each job says what it needs."""
    workflow = read(file)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert "permissions" in job, name
        assert "timeout-minutes" in job or "uses" in job, name


@pytest.mark.parametrize("file", WORKFLOWS, ids=named)
def test_actions_are_pinned_and_called_files_exist(file: Path) -> None:
    for job in read(file)["jobs"].values():
        for step in [job, *job.get("steps", ())]:
            used = step.get("uses")
            if used is not None and used.startswith("./"):
                called = read(ROOT / used)
                # YAML reads the key `on` as a boolean.
                assert "workflow_call" in called.get("on", called.get(True))
            elif used is not None:
                assert PINNED.fullmatch(used), used
            for script in SCRIPT.findall(step.get("run", "")):
                assert (ROOT / script).is_file(), script


def test_workflows_that_are_called_do_not_cancel_each_other() -> None:
    """In a called workflow, the name in the context is that of the caller."""
    groups = {read(file)["concurrency"]["group"] for file in WORKFLOWS}
    assert len(groups) == len(WORKFLOWS)
    assert not any("github.workflow" in group for group in groups)


def test_a_release_runs_all_checks_and_uploads_what_hacs_expects() -> None:
    release = read(GITHUB / "workflows" / "release.yml")
    called = {job.get("uses") for job in release["jobs"].values()} - {None}
    assert called == {
        "./.github/workflows/test.yml",
        "./.github/workflows/validate.yml",
    }
    assert set(release["jobs"]["release"]["needs"]) == {"test", "validate"}
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert hacs["zip_release"]
    commands = [step.get("run", "") for step in release["jobs"]["release"]["steps"]]
    (published,) = (each for each in commands if "gh release create" in each)
    assert {hacs["filename"], f"{hacs['filename']}.sha256"} <= {*published.split()}
    assert "--notes-file release_notes.md" in published


@pytest.mark.parametrize("file", FORMS, ids=named)
def test_issue_forms_are_valid(file: Path) -> None:
    form = read(file)
    assert form.keys() >= {"name", "description", "body"}
    inputs = [part for part in form["body"] if part["type"] != "markdown"]
    ids = [part["id"] for part in inputs]
    assert len(ids) == len(set(ids))
    for part in inputs:
        assert part["type"] in ("checkboxes", "dropdown", "input", "textarea")
        assert part["attributes"]["label"]
        assert bool(part["attributes"].get("options")) is (part["type"] == "dropdown")


def test_a_bug_report_asks_for_versions_and_diagnostics() -> None:
    required = {
        part["id"]
        for part in read(FORMS[0])["body"]
        if part.get("validations", {}).get("required")
    }
    assert required >= {"backend", "versions", "steps", "diagnostics"}


def test_dependabot_watches_actions_and_packages() -> None:
    updates = read(GITHUB / "dependabot.yml")["updates"]
    assert {each["package-ecosystem"] for each in updates} == {"github-actions", "pip"}


def test_hooks_run_the_checks_of_script_lint() -> None:
    """Each command of script/lint is a hook, with or without further arguments."""
    (local,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    hooks = [hook["entry"] for hook in local["hooks"]]
    checks = [
        line.removesuffix(" .")
        for line in (ROOT / "script" / "lint").read_text().splitlines()
        if line.startswith(".venv/")
    ]
    assert len(checks) == len(hooks) == 5
    for check, hook in zip(checks, hooks, strict=True):
        assert hook.startswith(check)
