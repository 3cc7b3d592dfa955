"""The template and the program know the same things: variables, metrics, placeholder, policy, what is built."""

import json
import re
import subprocess
import tomllib

import pytest
import stand_in
from conftest import ROOT, actions_of, of_type, program, source

NAMESPACE = "ZoomSmsCostAlerts"


def variables_of(kind):
    """The names that config.rs reads as `required` or `optional`."""
    return set(re.findall(rf'\.{kind}\(\s*"([A-Z][A-Z_]+)"', source("src/config.rs")))


def test_template_and_config_know_the_same_variables(resources):
    required, optional = variables_of("required"), variables_of("optional")
    assert required and optional, "config.rs reads its variables in another way than this test knows"
    given = set(resources["Function"]["Properties"]["Environment"]["Variables"])
    assert given - required - optional == set(), "the template sets what the program does not read"
    assert required - given == set(), "the program would not start"
    assert optional - given == set(), "the template has no parameter for it"


def test_the_widget_has_what_its_mode_requires_and_no_more(resources):
    """Of the program's variables, its mode reads the table's name alone."""
    variables = resources["Widget"]["Properties"]["Environment"]["Variables"]
    assert set(variables) == {"MODE", "LEDGER_TABLE"}
    assert f'text == "{variables["MODE"]}"' in source("src/config.rs")
    assert variables["LEDGER_TABLE"] == resources["Function"]["Properties"]["Environment"]["Variables"]["LEDGER_TABLE"]


def test_the_partition_that_the_widget_may_read_is_that_of_the_pages(resources):
    (policy, _) = resources["WidgetRole"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    ((partition,),) = statement["Condition"]["ForAllValues:StringEquals"].values()
    assert f'PARTITION: &str = "{partition}";' in source("src/daybook/pages.rs")


def test_optional_variables_have_the_programs_own_defaults(template):
    config = source("src/config.rs")
    for parameter, constant in (
        ("ZoomApiUrl", "DEFAULT_API_URL"),
        ("ZoomTokenUrl", "DEFAULT_TOKEN_URL"),
        ("ZoomRequestsPerSecond", "DEFAULT_REQUESTS_PER_SECOND"),
        ("FullReadHours", "DEFAULT_FULL_READ_HOURS"),
        ("LateReadHours", "DEFAULT_LATE_READ_HOURS"),
    ):
        (default,) = re.findall(rf'const {constant}: \S+ = "?([^";]+)"?;', config)
        assert str(template["Parameters"][parameter]["Default"]) == default
    (most,) = re.findall(r"const MOST_REQUESTS_PER_SECOND: u32 = ([\d_]+);", config)
    assert template["Parameters"]["ZoomRequestsPerSecond"]["MaxValue"] == int(most.replace("_", ""))
    (days,) = re.findall(r"const MOST_READ_HOURS: u32 = 24 \* (\d+);", config)
    for parameter in ("FullReadHours", "LateReadHours"):
        assert template["Parameters"][parameter]["MaxValue"] == 24 * int(days)


def test_a_log_level_that_hides_the_metrics_cannot_be_chosen(template):
    assert template["Parameters"]["LogLevel"]["AllowedValues"] == ["TRACE", "DEBUG", "INFO"]


def metrics_used(resources):
    """Names and dimensions of the program's own metrics, in alarms and on the dashboard."""
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        properties = alarm["Properties"]
        if properties["Namespace"] == NAMESPACE:
            yield name, properties["MetricName"], {dimension["Name"] for dimension in properties["Dimensions"]}
    body = re.sub(r"\$\{[\w.:]+\}", "0", resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0])
    for widget in json.loads(body)["widgets"]:
        above = []
        for metric in widget["properties"].get("metrics", []):
            words = [word for word in metric if isinstance(word, str)]
            words = [above[place] if word == "." else word for place, word in enumerate(words)]
            above = words
            if words and words[0] == NAMESPACE:
                yield "Dashboard", words[1], set(words[2::2])


@pytest.fixture(scope="session")
def metric_line(tmp_path_factory):
    """The line that the real program writes for a run, here one that fails because nothing is set."""
    return stand_in.unset_run(program("zoom-sms-cost-alerts"), tmp_path_factory.mktemp("function") / "log")


def test_alarms_and_dashboard_use_metrics_that_the_program_writes(resources, metric_line):
    (transformation,) = resources["FailuresByKind"]["Properties"]["MetricTransformations"]
    written = {transformation["MetricName"]: {dimension["Key"] for dimension in transformation["Dimensions"]}}
    (own,) = metric_line["_aws"]["CloudWatchMetrics"]
    assert own["Namespace"] == NAMESPACE
    (dimensions,) = own["Dimensions"]
    written |= {metric["Name"]: set(dimensions) for metric in own["Metrics"]}
    used = list(metrics_used(resources))
    for alarm, metric in (("NoCompletedRun", "RunCompleted"), ("NobodyListens", "NobodyListens"), ("ReportStale", "ReportStale")):
        assert (alarm, metric, {"FunctionName"}) in used
    for where, metric, wanted in used:
        assert metric in written, f"{where} watches {metric}, which nobody writes"
        assert wanted == written[metric], f"{where} watches {metric} by {wanted}; it is written by {written[metric] or 'no dimension'}"


def test_several_stacks_in_one_account_do_not_cover_for_each_other(metric_line):
    """They share the namespace; with the metrics of all in one, a stack that is dead would hide behind one that lives."""
    assert metric_line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["FunctionName"]]
    assert metric_line["FunctionName"] == "checked"


def test_failures_by_kind_are_counted_from_the_line_of_metrics(resources, metric_line):
    properties = resources["FailuresByKind"]["Properties"]
    assert properties["FilterPattern"] == '{ $.RunFailed = 1 && $.error_type = "*" }'
    assert (metric_line["RunFailed"], metric_line["error_type"]) == (1, "ConfigInvalid")
    (transformation,) = properties["MetricTransformations"]
    for dimension in transformation["Dimensions"]:
        assert dimension["Value"].removeprefix("$.") in metric_line


def test_the_money_on_the_dashboard_is_written_by_the_program(resources):
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0]
    for metric in ("SpentToDate", "HighestBudget"):
        assert f"MetricName={metric} " in body
        assert f'"{metric}.{{currency}}"' in source("src/telemetry.rs")


def test_alarms_by_kind_know_the_programs_codes(resources):
    codes = set(re.findall(r"^    ([A-Z]\w+),$", source("src/error.rs"), re.MULTILINE))
    kinds = {
        dimension["Value"]
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        for dimension in alarm["Properties"]["Dimensions"]
        if dimension["Name"] == "ErrorType"
    }
    assert kinds and kinds <= codes, f"{kinds - codes} is no code of src/error.rs"


def test_the_program_refuses_the_placeholder_of_the_secret(resources):
    (placeholder,) = set(json.loads(resources["ZoomSecret"]["Properties"]["SecretString"]).values())
    assert f'"{placeholder}"' in source("src/clients/secrets.rs")


def test_the_sample_policy_is_valid(resources, tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(resources["BudgetPolicy"]["Properties"]["Value"])
    done = subprocess.run([program("cost-alerts"), "policy", path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_function_is_built_without_the_command(template):
    metadata = template["Resources"]["Function"]["Metadata"]
    assert (metadata["BuildMethod"], metadata["WorkingDirectory"]) == ("makefile", "..")
    makefile = source("infra/Makefile")
    package = tomllib.loads(source("Cargo.toml"))
    assert "build-Function build-Widget:" in makefile
    assert "--no-default-features --bin $(PROGRAM)" in makefile
    assert re.search(r"^PROGRAM = (.+)$", makefile, re.MULTILINE)[1] in [binary["name"] for binary in package["bin"]]
    assert package["features"]["default"] == ["cli"]


def test_events_hold_what_the_schedule_sends(resources):
    (schedule,) = of_type(resources, "AWS::Scheduler::Schedule").values()
    fields = set(json.loads(schedule["Properties"]["Target"]["Input"]))
    (fields_of,) = re.findall(r"const FIELDS: \[&str; \d+\] = \[(.*?)\];", source("src/request.rs"), re.DOTALL)
    known = set(re.findall(r'"(\w+)"', fields_of))
    assert fields <= known, "the program refuses fields that it does not know"


def test_the_function_may_do_exactly_what_its_program_can_call(resources):
    """Every permission has its call in the program, outside of the operator's command, and every call its permission."""
    (policy,) = [each for each in resources["FunctionRole"]["Properties"]["Policies"] if each["PolicyName"] == "what-the-program-calls"]
    allowed = actions_of(policy["PolicyDocument"])
    # The SDKs' names for the operations of the services that the function speaks to.
    operations = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower(): f"{service}:{operation}"
        for service, names in {
            "dynamodb": "BatchGetItem BatchWriteItem DeleteItem GetItem PutItem Query Scan TransactGetItems TransactWriteItems UpdateItem",
            "secretsmanager": "GetSecretValue",
            "sns": "GetTopicAttributes Publish PublishBatch",
            "ssm": "GetParameter GetParameters GetParametersByPath",
        }.items()
        for operation in names.split()
    }
    found = set()
    for path in (ROOT / "src").rglob("*.rs"):
        if not path.is_relative_to(ROOT / "src" / "cli"):
            text = path.read_text()
            found |= {action for call, action in operations.items() if re.search(rf"\.{call}\(\s*\)", text)}
    assert allowed == found


def test_the_command_knows_what_the_outputs_ask_of_it(template):
    for output, words in (("DoctorCommand", "doctor"), ("BackfillCommand", "backfill")):
        command = template["Outputs"][output]["Value"]["Fn::Sub"][0].split(" cost-alerts ")[1].split()
        assert command[0] == words
        done = subprocess.run([program("cost-alerts"), words, "--help"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        for option in (word for word in command if word.startswith("--")):
            assert re.search(rf"^ +{option}\b", done.stdout, re.MULTILINE), f"{words} has no {option}"
