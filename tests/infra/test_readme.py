"""What the README says of the deployment is what the template does."""

import re

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


def test_every_parameter_output_and_resource_that_is_named_exists(template):
    known = {*template["Parameters"], *template["Outputs"], *template["Resources"]}
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
