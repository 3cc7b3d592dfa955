"""What the documents say of the deployment is what the template does."""

import re
import tomllib

import pytest
from conftest import of_type, source
from formation import Stack


DEPLOY = "docs/deploy.md"
OPERATIONS = "docs/operations.md"


def section(path, title):
    """A section's text, with its subsections."""
    level = title.split()[0]
    found = re.search(rf"^{re.escape(title)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", source(path), re.MULTILINE | re.DOTALL)
    return found[1]


def owners():
    return section(DEPLOY, "## Owners: teams that get their own alerts")


def test_every_alarm_has_its_line_and_every_line_its_alarm(resources):
    rows = re.findall(r"^\| (`.*?) \| ", section(OPERATIONS, "## What each alarm means"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == set(of_type(resources, "AWS::CloudWatch::Alarm"))


def test_every_parameter_output_and_resource_that_is_named_exists(template, owner):
    known = {name for each in (template, owner) for part in ("Parameters", "Outputs", "Resources") for name in each[part]}
    words = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)[`=]", source(DEPLOY) + source(OPERATIONS) + source("SECURITY.md")))
    # The README names outputs as commands of a block.
    words |= set(re.findall(r"^([A-Z]\w+Command)\b", source("README.md"), re.MULTILINE))
    codes = set(re.findall(r"^    ([A-Z]\w+),$", source("src/error.rs"), re.MULTILINE))
    metrics = set(re.findall(r'"([A-Z][A-Za-z]+)', source("src/telemetry.rs"))) | {"FailuresByKind"}
    # Named before the change that brings it: take it out when it has come.
    assert words - known - codes - metrics == set()


def test_the_costs_are_those_of_the_template(resources):
    costs = re.search(r"^\*\*Costs a month\*\*.*$", section(DEPLOY, "## Costs"), re.MULTILINE)[0]
    # An alarm costs 0.10 USD, a dashboard 3, a key 1, and its first two rotations 1 more each.
    alarms = [alarm for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values() if "Condition" not in alarm]
    assert f"alarms about {round(len(alarms) * 0.10)}," in costs
    assert f"dashboard {3 * len(of_type(resources, 'AWS::CloudWatch::Dashboard'))} USD" in costs
    (key,) = of_type(resources, "AWS::KMS::Key").values()
    assert key["Properties"]["EnableKeyRotation"] is True
    assert "key 1," in costs and "3 for the key from the third year on" in costs
    secret, metrics = float(re.search(r"secret ([\d.]+)", costs)[1]), int(re.search(r"metrics about (\d+)", costs)[1])
    total = 3 + 1 + secret + round(len(alarms) * 0.10) + metrics
    # Lambda, DynamoDB, SNS and logs are less than 1 together.
    for about in re.findall(r"about (\d+) USD a month|\[(\d+) USD a month\]", source("README.md")):
        assert total <= int("".join(about)) <= total + 1


def test_an_owner_is_made_by_the_commands_that_stand_there(template, owner):
    making, updating = re.findall(r"^ +```sh\n(.*?)```", owners(), re.MULTILINE | re.DOTALL)
    command = Stack(template, {"AlertEmail": "admin@example.com"}).outputs()["AddOwnerCommand"]
    # The output names the Region too, since it is copied.
    options = [word for word in re.findall(r"(?:^| )(--[a-z-]+|\w+(?==))", command) if word != "--region"]
    assert options == re.findall(r"(?:^| )(--[a-z-]+|\w+(?==))", making.split("describe-stacks")[0])
    assert set(re.findall(r"--parameter-overrides (\w+)=", updating)) <= set(template["Parameters"])
    assert set(re.findall(r"(\w+)=", making)) <= set(owner["Parameters"])


def test_an_owners_policy_names_the_topic_that_the_stack_was_given():
    given = re.search(r"OwnerTopicArns=(\S+)", owners())[1]
    (policy,) = re.findall(r"^ +```toml\n(.*?)```", owners(), re.MULTILINE | re.DOTALL)
    policy = tomllib.loads(policy)
    ((name, topic),) = [(each["name"], each["topic_arn"]) for each in policy["owner"]]
    assert topic == given
    assert [budget["owner"] for budget in policy["budget"]] == [name]


def test_what_an_owner_costs_is_that_of_its_template(owner):
    (key,) = of_type(owner["Resources"], "AWS::KMS::Key").values()
    assert key["Properties"]["EnableKeyRotation"] is True
    assert "1 USD a month for its key (3 from the third year on), and 0.10 for each alarm" in owners()
    alarms = set(of_type(owner["Resources"], "AWS::CloudWatch::Alarm"))
    assert alarms == set(re.findall(r"`(\w+)`", re.search(r"`AlertsNotPublished` for all topics together, (.*?) for each owner", owners())[1]))


def test_a_topic_that_the_stack_does_not_name_is_said_to_be_refused():
    assert re.search(r"not in `OwnerTopicArns`:\*\* AWS refuses .* \(AccessDenied\)\. Runs end as `PublishFailed`", owners())


def test_what_stays_and_how_it_is_removed_is_said(resources):
    removal = section(DEPLOY, "## Removing it")
    for output in ("PolicyName", "LedgerTableName", "ExistingPolicy", "ExistingLedgerTable"):
        assert f"`{output}`" in removal
    for command in ("ssm delete-parameter", "dynamodb update-table", "dynamodb delete-table"):
        assert f"aws {command} " in removal
    assert resources["Ledger"]["Properties"]["DeletionProtectionEnabled"] and "--no-deletion-protection-enabled" in removal


@pytest.mark.parametrize("words", ["for 48 hours|after 48 hours|After 48 hours", "15,000 requests a day", "unsubscribe link", "`NobodyListens` comes when"])
def test_limits_that_lose_something_are_said(words):
    assert re.search(words, source(DEPLOY) + source("docs/limits.md"))


def test_one_function_for_several_accounts_is_not_offered():
    """Its alarms count all accounts together: an account that is dead would hide behind one that lives."""
    text = source("README.md") + source(DEPLOY)
    assert "one schedule for each" not in text and "a schedule for each account" not in text
    assert re.search(r"\*\*Several Zoom accounts:\*\* one stack each, under its own name", text)


def test_the_weekly_schedule_is_refused_as_the_documents_say(template):
    assert "weekly and monthly schedules" in section(DEPLOY, "## The schedule")
    weekly = {"AlertEmail": "admin@example.com", "ScheduleExpression": "rate(7 days)", "HoursWithoutRun": 168}
    assert Stack(template, weekly).refusals()


def test_the_readme_deploys_in_six_commands(template):
    (block,) = re.findall(r"^## Deploy\n.*?^```sh\n(.*?)^```", source("README.md"), re.MULTILINE | re.DOTALL)
    commands = [re.split(r" +#", line)[0] for line in block.splitlines()]
    assert len(commands) == 6
    # The first three stand in docs/deploy.md too, where test_deployment.py runs them; the others are outputs to copy.
    assert all(command in section(DEPLOY, "## Deploy a release").splitlines() for command in commands[:3])
    assert set(commands[3:]) <= set(template["Outputs"])


def test_a_release_is_deployed_with_the_parameters_and_the_files_that_there_are(template):
    block = re.findall(r"^```sh\n(.*?)^```", section(DEPLOY, "## Deploy a release"), re.MULTILINE | re.DOTALL)[1].replace("BUCKET", "artifacts")
    given = dict(word.split("=", 1) for word in re.search(r"--parameter-overrides (.*)", block)[1].split())
    assert Stack(template, given).refusals() == []
    assert f" s3://{given['CodeBucket']}/\n" in block and f" cp {given['CodeKey']} " in block
    version = tomllib.loads(source("Cargo.toml"))["package"]["version"]
    named = re.findall(r"zoom-sms-cost-alerts-([0-9][\w.]*)-arm64", source("README.md") + source("docs/deploy.md"))
    assert named and set(named) == {version}
    # Too large for a call, so that the command needs the bucket.
    assert len(source("infra/template.yaml")) > 51_200 and " --s3-bucket " in block


def test_how_long_data_are_kept_is_what_the_templates_and_the_program_say(template, resources):
    kept = dict(re.findall(r"^\| (.*?) \| .*? \| (\d+) days", source("SECURITY.md"), re.MULTILINE))
    hours = {name: int(days) for path in ("src/daybook/items.rs", "src/daybook/baselines.rs", "src/clients/ledger/mod.rs", "src/domain/alert/thread.rs")
             for name, days in re.findall(r"const (\w+): SignedDuration = SignedDuration::from_hours\(24 \* (\d+)\)", source(path))}
    assert kept == {
        "sums of each civil day by number, department, cost center and sender": str(hours["DAY_LIFE"]),
        "what questions to Zoom listed (sums, and digests of rows)": str(hours["PART_LIFE"]),
        "what forecasts and spikes need of the past": str(hours["LIFE"]),
        "which alerts were sent to which topic": str(hours["KEPT"]),
        "up to which day closed periods were judged": re.search(r"const KEPT_DAYS: i64 = (\d+)", source("src/daybook/finished.rs"))[1],
        "each message that was sent: alerts, figures, receiver, time": str(hours["MESSAGE_KEPT"]),
        "answers of runs and errors": str(template["Parameters"]["LogRetentionDays"]["Default"]),
        "failed runs and messages that were not delivered": str(resources["FailedRuns"]["Properties"]["MessageRetentionPeriod"] // 86400),
    }
