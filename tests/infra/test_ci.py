"""What a deployment builds is built before a change lands: as it is deployed in the workflow, quickly in .ci/run."""

import re
import subprocess

from conftest import ROOT, source


def test_every_change_builds_the_template():
    assert re.search(r"^step tests/infra/build x86_64 dev$", source(".ci/run"), re.MULTILINE)
    assert re.search(r"^    step tests/infra/build arm64 dev$", source(".ci/run"), re.MULTILINE)


def test_the_workflow_builds_what_is_deployed_for_both_architectures():
    workflow = source(".github/workflows/ci.yml")
    assert "tests/infra/build ${{ matrix.architecture }} release" in workflow
    assert set(re.findall(r"architecture: (\w+),", workflow)) == {"arm64", "x86_64"}
    for action in re.findall(r"uses: (\S+)", workflow):
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action), action


def made(**variables):
    """The builder's command line, as the Makefile writes it."""
    words = [f"{name}={value}" for name, value in variables.items()]
    done = subprocess.run(
        ["make", "--dry-run", "--makefile", "infra/Makefile", "build-Function", "ARTIFACTS_DIR=/built", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_deployment_builds_a_release_unless_told_otherwise():
    assert " --release " in made() and "--arm64" in made()
    assert " --profile dev " in made(PROFILE="dev", ARCHITECTURE="x86_64") and "--release" not in made(PROFILE="dev")
