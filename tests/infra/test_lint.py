"""The linters. What they are told to overlook stands in the templates, beside the resource and with a reason."""

import os
import pathlib
import re
import subprocess
import sys

import pytest
from conftest import OWNER, ROOT, TARGET, TEMPLATE

TEMPLATES = pytest.mark.parametrize("path", [TEMPLATE, OWNER], ids=lambda path: path.stem)


def run(*command):
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


@TEMPLATES
def test_cfn_lint_and_its_serverless_rules_find_nothing(path):
    cfn_lint = pathlib.Path(sys.executable).with_name("cfn-lint")
    run(cfn_lint, "--append-rules", "cfn_lint_serverless.rules", "--include-checks", "I", "--", path.relative_to(ROOT))


@TEMPLATES
def test_checkov_finds_nothing(path):
    checkov = TARGET / "checkov-venv" / "bin" / "checkov"
    framework = ["--framework", "cloudformation", "--skip-download", "--compact", "--quiet"]
    found = run(checkov, "--file", path.relative_to(ROOT), *framework)
    assert re.search(r"Passed checks: [1-9]\d*, Failed checks: 0", found), found


@TEMPLATES
def test_every_suppression_has_a_reason(path):
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        if "checkov:skip" in line:
            assert re.search(r"# checkov:skip=CKV2?_AWS_\d+:\w.{20,}", line), f"line {number}: {line}"
        ignored = re.search(r"\b[IWE]S?\d{4}\b", line)
        if ignored:
            assert any("# " in above for above in lines[max(0, number - 3) : number - 1]), f"line {number}: {line}"
