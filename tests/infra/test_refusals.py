"""What the stack refuses before it is made, each with the reason, and what it takes."""

import re

import pytest
from formation import Stack

RECEIVER = {"AlertEmail": "admin@example.com"}
TEAMS = {
    "TeamsTenantId": "0a1b2c3d-0000-4000-8000-000000000001",
    "TeamsTeamId": "0a1b2c3d-0000-4000-8000-000000000002",
    "TeamsChannelId": "19%3Aabc_DEF%40thread.tacv2",
}


def refusals(template, parameters, **stack):
    return Stack(template, parameters, **stack).refusals()


def test_somebody_must_get_the_costs_and_somebody_the_failures(template):
    costs, failures = refusals(template, {})
    assert costs.startswith("Nobody would get the cost alerts. Give AlertEmail")
    assert failures.startswith("Nobody would hear that runs fail or stay away, and silence would look like low costs. Give OperationsEmail")
    slack = {"SlackWorkspaceId": "T1", "SlackChannelId": "C1"}
    assert refusals(template, slack) == [failures], "a channel for costs is none for failures"
    assert refusals(template, TEAMS) == [failures]
    assert refusals(template, {"OperationsEmail": "ops@example.com"}) == [costs]
    assert refusals(template, {"SlackWorkspaceId": "T1", "SlackOperationsChannelId": "C2"}) == [costs]


@pytest.mark.parametrize(
    "parameters",
    [
        RECEIVER,
        {"SlackWorkspaceId": "T1", "SlackChannelId": "C1", "OperationsEmail": "ops@example.com"},
        {"SlackWorkspaceId": "T1", "SlackChannelId": "C1", "SlackOperationsChannelId": "C2"},
        TEAMS | {"TeamsOperationsChannelId": "19%3Aother%40thread.tacv2"},
        TEAMS | {"SlackWorkspaceId": "T1", "SlackOperationsChannelId": "C2"},
        {"AlertsReceivedElsewhere": "yes", "FailuresReceivedElsewhere": "yes"},
    ],
)
def test_every_kind_of_receiver_will_do(template, parameters):
    assert refusals(template, parameters) == []


def test_chat_is_whole_and_a_channel_has_one_configuration(template):
    for parameters, reason in (
        ({"SlackWorkspaceId": "T1"}, "Slack needs SlackWorkspaceId and at least one channel"),
        ({"SlackChannelId": "C1"}, "Slack needs SlackWorkspaceId and at least one channel"),
        ({"SlackWorkspaceId": "T1", "SlackChannelId": "C1", "SlackOperationsChannelId": "C1"}, "A channel takes one configuration"),
        ({"TeamsChannelId": TEAMS["TeamsChannelId"]}, "Teams needs TeamsTenantId, TeamsTeamId and at least one channel"),
        (TEAMS | {"TeamsChannelId": ""}, "Teams needs TeamsTenantId, TeamsTeamId and at least one channel"),
        (TEAMS | {"TeamsOperationsChannelId": TEAMS["TeamsChannelId"]}, "A channel takes one configuration"),
        ({"FurtherAlertTopics": "arn:aws:sns:us-east-1:123456789012:other"}, "FurtherAlertTopics reach people through this stack's channel"),
        ({"FurtherOperationsTopics": "arn:aws:sns:us-east-1:123456789012:other"}, "FurtherOperationsTopics reach people through"),
    ):
        (said,) = refusals(template, RECEIVER | parameters)
        assert said.startswith(reason), parameters


ZIP = {"CodeBucket": "artifacts", "CodeKey": "releases/zoom-sms-cost-alerts-0.6.0-arm64.zip"}


def test_what_excludes_each_other_or_is_half_given_is_refused(template):
    secret = {"ZoomSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:zoom-AbCdEf", "ZoomSecretParameter": "/alerts/zoom"}
    for parameters, reason in (
        (ZIP | {"CodeKey": ""}, "A release's zip needs CodeBucket and CodeKey"),
        (ZIP | {"CodeBucket": ""}, "A release's zip needs CodeBucket and CodeKey"),
        (ZIP | {"CodeBucket": "s3://artifacts"}, "CodeBucket must be the name of an S3 bucket"),
        (ZIP | {"CodeKey": "bootstrap"}, "CodeKey must be the key of a zip"),
        (secret, "Zoom's credentials are in a secret or in a parameter"),
        ({"ZoomSecretParameter": "zoom"}, "ZoomSecretParameter must be the whole name of an SSM parameter"),
    ):
        (said,) = refusals(template, RECEIVER | parameters)
        assert said.startswith(reason), parameters


def test_a_zip_of_the_other_architecture_is_refused_and_one_that_names_none_is_taken(template):
    for architecture, other in (("arm64", "x86_64"), ("x86_64", "arm64")):
        for key, said in (
            (f"releases/zoom-sms-cost-alerts-0.6.0-{architecture}.zip", []),
            ("bootstrap.zip", []),
            (f"zoom-sms-cost-alerts-0.6.0-{other}.zip", [f"CodeMustFit: {architecture} for zoom-sms-cost-alerts-0.6.0-{other}.zip"]),
        ):
            assert refusals(template, RECEIVER | ZIP | {"CodeKey": key, "Architecture": architecture}) == said


# Schedules, and the shortest HoursWithoutRun that fits: the longest time between two runs, and two hours.
SCHEDULES = {
    "rate(1 minute)": 2,
    "rate(5 minutes)": 2,
    "rate(60 minutes)": 2,
    "rate(1 hour)": 2,
    "cron(0 * * * ? *)": 2,
    "cron(*/15 * ? * * *)": 2,
    "rate(2 hours)": 6,
    "rate(4 hours)": 6,
    "cron(0 */4 * * ? *)": 6,
    "cron(30 0/2 * * ? *)": 6,
    "rate(5 hours)": 14,
    "cron(0 */6 * * ? *)": 14,
    "rate(12 hours)": 14,
    "rate(13 hours)": 26,
    "rate(24 hours)": 26,
    "rate(1 day)": 26,
    "cron(0 7 * * ? *)": 26,
    "cron(0 7 ? * * *)": 26,
    "cron(0 8-18 * * ? *)": 26,
    "cron(0 7,19 * * ? *)": 26,
    "rate(2 days)": 50,
    "rate(3 days)": 74,
    "cron(0 7 ? * MON-FRI *)": 74,
    "cron(0 7 ? * 2-6 *)": 74,
    "rate(4 days)": 98,
    "rate(5 days)": 122,
    "rate(6 days)": 146,
    "cron(0 7 ? * MON,THU *)": 146,
    "cron(0 7 ? * TUE-SAT *)": 146,
    "cron(0 * ? * MON-FRI *)": 74,
}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_alarm_on_missing_runs_fits_the_schedule_or_the_stack_refuses_it(template, schedule):
    least = SCHEDULES[schedule]
    for hours in range(2, 169):
        said = refusals(template, RECEIVER | {"ScheduleExpression": schedule, "HoursWithoutRun": hours})
        if hours >= least:
            assert said == [], hours
        else:
            # The reason is the resource's name and the value that AWS says with it.
            assert said == [f"HoursWithoutRunMustFit: {hours} hours for {schedule}"]


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(7 days)",
        "rate(14 days)",
        "rate(168 hours)",
        "rate(25 hours)",
        "rate(10000 minutes)",
        "cron(0 7 ? * MON *)",
        "cron(0 7 ? * 2 *)",
        "cron(0 7 1 * ? *)",
        "cron(0 7 L * ? *)",
        "cron(0 7 1,15 * ? *)",
        "cron(0 7 ? * MON#1 *)",
        "cron(0 7 ? * 6L *)",
        "cron(0 7 * 1 ? *)",
        "cron(0 7 * * ? 2027)",
        "at(2027-01-01T00:00:00)",
    ],
)
def test_a_schedule_that_no_alarm_could_watch_is_refused_with_the_reason(template, schedule):
    """Weekly, monthly and rarer: CloudWatch looks back seven days at most."""
    (said, *_) = refusals(template, RECEIVER | {"ScheduleExpression": schedule, "HoursWithoutRun": 168})
    assert said.startswith("ScheduleExpression must be rate(...) of at most 60 minutes, 24 hours or 6 days")
    assert "CloudWatch looks back 7 days at most" in said


def test_every_schedule_that_the_pattern_takes_fits_some_hours(template):
    hours = template["Parameters"]["HoursWithoutRun"]["MaxValue"]
    assert hours * 3600 <= 7 * 24 * 3600, "the longest that CloudWatch evaluates"
    taken = [f"rate({count} {unit}s)" for unit, most in (("minute", 60), ("hour", 24), ("day", 6)) for count in range(1, most + 1)]
    taken += [f"cron({minute} {hour} {days} *)" for minute in ("0", "*/5") for hour in ("*", "0", "*/7", "1-5") for days in ("* * ?", "? * *", "? * SUN,MON")]
    for schedule in taken:
        assert refusals(template, RECEIVER | {"ScheduleExpression": schedule, "HoursWithoutRun": hours}) == [], schedule


@pytest.mark.parametrize("name", ["alerts", "sms-costs-eu", "Default", "default-2", "laws", "my-aws", "a" * 64])
def test_ordinary_stack_names_are_taken(template, name):
    assert refusals(template, RECEIVER, name=name) == []


@pytest.mark.parametrize(
    "name, because",
    [
        ("aws-costs", "names of SSM parameters do not begin with aws"),
        ("AWSCosts", "in any case"),
        ("ssm-alerts", "nor with ssm"),
        ("default", "every AWS account has a schedule group of that name"),
        ("a" * 65, "names of schedule groups have 64 characters"),
    ],
)
def test_stack_names_that_would_break_something_are_refused(template, name, because):
    assert refusals(template, RECEIVER, name=name) == [f"StackNameMustFit: {name}"], because


def test_what_a_refused_name_would_break_is_made_after_the_guard(template, resources):
    for name in ("ScheduleGroup", "BudgetPolicy", "Ledger"):
        before = resources[name]["DependsOn"]
        assert "StackNameMustFit" in (before if isinstance(before, list) else [before]), name
    assert {"HoursWithoutRunMustFit", "CodeMustFit"} <= set(resources["Ledger"]["DependsOn"])
    named = {
        name
        for name, resource in resources.items()
        if re.search(r"AWS::StackName", str({k: v for k, v in resource.get("Properties", {}).items() if k.endswith("Name") and k != "QueueName"}))
    }
    # Of these, logs and dashboards take every stack's name, and configurations of chat names of up to 102 characters.
    assert named == {"ScheduleGroup", "BudgetPolicy", "LogGroup", "WidgetLogGroup", "Dashboard", "SlackAlerts", "SlackOperations", "TeamsAlerts", "TeamsOperations"}
