"""What all checks of infra/ share: the templates as written, and where the programs are."""

import json
import os
import pathlib
import sys

import pytest
from cfnlint.decode import cfn_yaml
from formation import branches, listed

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra" / "template.yaml"
# The stack of one owner.
OWNER = ROOT / "infra" / "owner.yaml"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()

# Nothing here may speak to a real account, whatever is set outside.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ |= {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "SAM_CLI_TELEMETRY": "0",
}
sys.path.insert(0, str(pathlib.Path(__file__).parent))


def written(path=TEMPLATE):
    """A template as it is written, with !Ref and the like in their long form."""
    return json.loads(json.dumps(cfn_yaml.load(str(path))))


def program(name):
    path = TARGET / "debug" / name
    if not path.exists():
        pytest.exit(f"{path} is missing: run `cargo test` (or `cargo build`) first", returncode=2)
    return path


@pytest.fixture(scope="session")
def template():
    return written()


@pytest.fixture(scope="session")
def owner():
    return written(OWNER)


@pytest.fixture(scope="session")
def resources(template):
    return template["Resources"]


def of_type(resources, kind):
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def actions_of(document):
    """All actions in a policy's document, those of statements too that hang on a condition."""
    return {action for statement in document["Statement"] for each in branches(statement) for action in listed(each["Action"])}


def source(path):
    return (ROOT / path).read_text()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.failed and getattr(item.module, "IN_ORDER", False):
        item.module.FAILED = item.name
    return report


def pytest_runtest_setup(item):
    """Tests that go on where the last ended have nothing to go on from once one failed."""
    if hasattr(item.module, "FAILED"):
        pytest.skip(f"{item.module.FAILED} failed before")
