"""What the README says of the deployment is what the template does."""

import re
import tomllib

import pytest
from conftest import of_type, source
from formation import Stack


def section(title):
    """A section's text, with its subsections."""
    level = title.split()[0]
    found = re.search(rf"^{re.escape(title)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", source("README.md"), re.MULTILINE | re.DOTALL)
    return found[1]


def test_every_alarm_has_its_line_and_every_line_its_alarm(resources):
    rows = re.findall(r"^\| (`.*?) \| ", section("### What each alarm means"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == set(of_type(resources, "AWS::CloudWatch::Alarm"))


def test_every_parameter_output_and_resource_that_is_named_exists(template, owner):
    known = {name for each in (template, owner) for part in ("Parameters", "Outputs", "Resources") for name in each[part]}
    words = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)[`=]", section("## Deploy")))
    codes = set(re.findall(r"^    ([A-Z]\w+),$", source("src/error.rs"), re.MULTILINE))
    # Words of AWS's own.
    assert words - known - codes == {"Token"} & words


def test_the_costs_are_those_of_the_template(resources):
    costs = re.search(r"^\*\*Costs a month\*\*.*$", section("## Deploy"), re.MULTILINE)[0]
    # An alarm costs 0.10 USD, a dashboard 3, a key 1, and its first two rotations 1 more each.
    alarms = [alarm for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values() if "Condition" not in alarm]
    assert f"alarms about {round(len(alarms) * 0.10)}," in costs
    assert f"dashboard {3 * len(of_type(resources, 'AWS::CloudWatch::Dashboard'))} USD" in costs
    (key,) = of_type(resources, "AWS::KMS::Key").values()
    assert key["Properties"]["EnableKeyRotation"] is True
    assert "key 1," in costs and "3 for the key from the third year on" in costs


OWNERS = "### Owners: teams that get their own alerts"


def test_an_owner_is_made_by_the_commands_that_stand_there(template, owner):
    making, updating = re.findall(r"^ +```sh\n(.*?)```", section(OWNERS), re.MULTILINE | re.DOTALL)
    command = Stack(template, {"AlertEmail": "admin@example.com"}).outputs()["AddOwnerCommand"]
    # The output names the Region too, since it is copied.
    options = [word for word in re.findall(r"(?:^| )(--[a-z-]+|\w+(?==))", command) if word != "--region"]
    assert options == re.findall(r"(?:^| )(--[a-z-]+|\w+(?==))", making.split("describe-stacks")[0])
    assert set(re.findall(r"--parameter-overrides (\w+)=", updating)) <= set(template["Parameters"])
    assert set(re.findall(r"(\w+)=", making)) <= set(owner["Parameters"])


def test_an_owners_policy_names_the_topic_that_the_stack_was_given():
    given = re.search(r"OwnerTopicArns=(\S+)", section(OWNERS))[1]
    (policy,) = re.findall(r"^ +```toml\n(.*?)```", section(OWNERS), re.MULTILINE | re.DOTALL)
    policy = tomllib.loads(policy)
    ((name, topic),) = [(each["name"], each["topic_arn"]) for each in policy["owner"]]
    assert topic == given
    assert [budget["owner"] for budget in policy["budget"]] == [name]


def test_what_an_owner_costs_is_that_of_its_template(owner):
    (key,) = of_type(owner["Resources"], "AWS::KMS::Key").values()
    assert key["Properties"]["EnableKeyRotation"] is True
    assert "1 USD a month for its key (3 from the third year on), and 0.10 for each alarm" in section(OWNERS)
    alarms = set(of_type(owner["Resources"], "AWS::CloudWatch::Alarm"))
    assert alarms == set(re.findall(r"`(\w+)`", re.search(r"`AlertsNotPublished` for all topics together, (.*?) for each owner", section(OWNERS))[1]))


def test_a_topic_that_the_stack_does_not_name_is_said_to_be_refused():
    assert re.search(r"not in `OwnerTopicArns`:\*\* AWS refuses .* \(AccessDenied\)\. Runs end as `PublishFailed`", section(OWNERS))


def test_what_stays_and_how_it_is_removed_is_said(resources):
    removal = section("## Deploy").split("**Removing it:**")[1]
    for output in ("PolicyName", "LedgerTableName", "ExistingPolicy", "ExistingLedgerTable"):
        assert f"`{output}`" in removal
    for command in ("ssm delete-parameter", "dynamodb update-table", "dynamodb delete-table"):
        assert f"aws {command} " in removal
    assert resources["Ledger"]["Properties"]["DeletionProtectionEnabled"] and "--no-deletion-protection-enabled" in removal


@pytest.mark.parametrize("words", ["for 48 hours|after 48 hours|After 48 hours", "15,000 requests a day", "unsubscribe link", "`NobodyListens` comes when"])
def test_limits_that_lose_something_are_said(words):
    assert re.search(words, section("## Deploy") + section("## Limits"))


def test_one_function_for_several_accounts_is_not_offered():
    """Its alarms count all accounts together: an account that is dead would hide behind one that lives."""
    text = source("README.md")
    assert "one schedule for each" not in text and "a schedule for each account" not in text
    assert re.search(r"\*\*Several Zoom accounts:\*\* one stack each, under its own name", text)


def test_the_weekly_schedule_is_refused_as_the_readme_says(template):
    assert "weekly and monthly schedules" in section("## Deploy")
    weekly = {"AlertEmail": "admin@example.com", "ScheduleExpression": "rate(7 days)", "HoursWithoutRun": 168}
    assert Stack(template, weekly).refusals()
