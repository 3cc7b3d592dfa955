"""The linters. What they are told to overlook stands in the template, beside the resource and with a reason."""

import os
import pathlib
import re
import subprocess
import sys

from conftest import ROOT, TARGET, TEMPLATE


def run(*command):
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_cfn_lint_and_its_serverless_rules_find_nothing():
    cfn_lint = pathlib.Path(sys.executable).with_name("cfn-lint")
    run(cfn_lint, "--append-rules", "cfn_lint_serverless.rules", "--include-checks", "I", "--", TEMPLATE.relative_to(ROOT))


def test_checkov_finds_nothing():
    checkov = TARGET / "checkov-venv" / "bin" / "checkov"
    framework = ["--framework", "cloudformation", "--skip-download", "--compact", "--quiet"]
    found = run(checkov, "--file", TEMPLATE.relative_to(ROOT), *framework)
    assert re.search(r"Passed checks: [1-9]\d*, Failed checks: 0", found), found


def test_every_suppression_has_a_reason():
    lines = TEMPLATE.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        if "checkov:skip" in line:
            assert re.search(r"# checkov:skip=CKV2?_AWS_\d+:\w.{20,}", line), f"line {number}: {line}"
        ignored = re.search(r"\b[IWE]S?\d{4}\b", line)
        if ignored:
            assert any("# " in above for above in lines[max(0, number - 3) : number - 1]), f"line {number}: {line}"
