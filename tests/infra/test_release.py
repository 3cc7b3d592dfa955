"""How a release is made, as far as this machine can: what its programs refuse, that archives depend on their contents alone, and what the workflow may
do. tests/infra/release builds one."""

import importlib.machinery
import importlib.util
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
import yaml
from conftest import ROOT, source

WORKFLOW = ".github/workflows/release.yml"
RELEASE = ROOT / ".ci" / "release"
VERSION = tomllib.loads(source("Cargo.toml"))["package"]["version"]


def loaded(name):
    loader = importlib.machinery.SourceFileLoader(name, str(RELEASE / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


collect = loaded("collect")


@pytest.fixture
def jobs():
    return yaml.safe_load(source(WORKFLOW))["jobs"]


def archived(place, *files):
    subprocess.run([sys.executable, "-B", RELEASE / "archive.py", place, *files], check=True, timeout=60)
    return place.read_bytes()


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_depends_on_nothing_but_its_contents(tmp_path, kind):
    program, text = tmp_path / "program", tmp_path / "text"
    program.write_bytes(b"\x7fELF" * 1000)
    text.write_text("text")
    files = [f"a/LICENSE={text}", f"a/cost-alerts={program}", f"bootstrap={program}"]
    first = archived(tmp_path / f"first.{kind}", *files)
    os.utime(program, (1e9, 1e9))
    program.chmod(0o600)
    assert archived(tmp_path / f"second.{kind}", *reversed(files)) == first
    if kind == "zip":
        entries = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in zipfile.ZipFile(tmp_path / "first.zip").infolist()}
    else:
        entries = {entry.name: entry.mode for entry in tarfile.open(tmp_path / "first.tar.gz").getmembers()}
    assert entries == {"a/LICENSE": 0o644, "a/cost-alerts": 0o755, "bootstrap": 0o755}


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A place with all that the jobs build, and a changelog that has the version as released."""
    for name in collect.wanted(VERSION) - set(collect.TEMPLATES):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(collect, "notes", lambda version, changelog: f"What {version} brings.")
    return tmp_path


def test_what_was_built_becomes_a_release_whose_checksums_hold(parts, capsys):
    collect.main(f"v{VERSION}", parts)
    said = capsys.readouterr().out
    assert said.startswith(f"What {VERSION} brings.\n") and "gh attestation verify" in said
    assert (parts / "template.yaml").read_bytes() == (ROOT / "infra/template.yaml").read_bytes()
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=parts, capture_output=True, timeout=60).returncode == 0
    listed = {line.split("  ")[1] for line in (parts / "SHA256SUMS").read_text().splitlines()}
    assert listed == {path.name for path in parts.iterdir()} - {"SHA256SUMS"}
    (parts / "owner.yaml").write_text("another")
    assert subprocess.run(check, cwd=parts, capture_output=True, timeout=60).returncode == 1


def test_what_does_not_belong_together_is_no_release(parts):
    with pytest.raises(SystemExit, match="the tag is v9.9.9, and Cargo.toml has version"):
        collect.main("v9.9.9", parts)
    (parts / "another.zip").write_text("")
    (parts / f"zoom-sms-cost-alerts-{VERSION}-arm64.zip").unlink()
    with pytest.raises(SystemExit, match=rf"missing: \['zoom-sms-cost-alerts-{VERSION}-arm64.zip'\]; too many: \['another.zip'\]"):
        collect.main(f"v{VERSION}", parts)


def test_a_version_that_the_changelog_calls_unreleased_is_none():
    changelog = "# Changelog\n\n## 0.7.0 — unreleased\n\nSoon.\n\n## 0.6.0\n\n- **One.**\n\n### More\n\ntext\n\n## 0.5.0\n\nOld.\n"
    assert collect.notes("0.6.0", changelog) == "- **One.**\n\n### More\n\ntext"
    with pytest.raises(SystemExit, match="no section '0.7.0'"):
        collect.notes("0.7.0", changelog)


def test_every_action_is_pinned_by_its_commit_and_says_its_version():
    lines = [line for line in source(WORKFLOW).splitlines() if "uses:" in line]
    assert len(lines) >= 5
    for line in lines:
        assert re.search(r"uses: actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_only_the_job_that_publishes_may_write(jobs):
    assert yaml.safe_load(source(WORKFLOW))["permissions"] == {}
    permissions = {name: job["permissions"] for name, job in jobs.items()}
    assert permissions == {
        "check": {"contents": "read"},
        "function": {"contents": "read"},
        "command": {"contents": "read"},
        "publish": {"contents": "write", "id-token": "write", "attestations": "write"},
    }
    for job in jobs.values():
        (checkout,) = [step for step in job["steps"] if "actions/checkout@" in step.get("uses", "")]
        assert checkout["with"]["persist-credentials"] is False
    # Which therefore builds nothing: no build script of any crate runs there.
    assert not [step for step in jobs["publish"]["steps"] if "cargo" in step.get("run", "") or "pip" in step.get("run", "")]


def test_the_workflow_builds_what_a_release_has(jobs):
    # Nothing that is not on main, or does not pass.
    assert set(jobs["publish"]["needs"]) == {"check", "function", "command"}
    assert {"git merge-base --is-ancestor HEAD origin/main", "bash .ci/run"} <= {step.get("run") for step in jobs["check"]["steps"]}
    built = {name: jobs[name]["strategy"]["matrix"]["include"] for name in ("function", "command")}
    assert {each["architecture"] for each in built["function"]} == set(collect.FUNCTIONS)
    assert {each["target"] for each in built["command"]} == set(collect.COMMANDS)
    for name, argument in (("function", "${{ matrix.architecture }}"), ("command", "${{ matrix.target }}")):
        runs = [step["run"] for step in jobs[name]["steps"] if "run" in step]
        # With all optimisation, and knowing its commit.
        assert f"bash .ci/release/{name} {argument}" in runs
        assert any("COST_ALERTS_COMMIT=" in run and "%H %cs" in run for run in runs)


def test_every_step_of_the_workflow_names_a_program_that_is_there(jobs):
    named = {name for job in jobs.values() for step in job["steps"] for name in re.findall(r"\.ci/release/\w+", step.get("run", ""))}
    assert named == {".ci/release/tools", ".ci/release/function", ".ci/release/command", ".ci/release/collect"}
    for name in named:
        assert os.access(ROOT / name, os.X_OK), name


def test_every_change_builds_a_part_of_a_release():
    assert re.search(r"^step tests/infra/release x86_64 dev$", source(".ci/run"), re.MULTILINE)
    assert re.search(r"^    step tests/infra/release arm64 dev$", source(".ci/run"), re.MULTILINE)
