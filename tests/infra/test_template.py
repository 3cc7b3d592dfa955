"""The template's promises, on what AWS would get."""

import json
import re
import tomllib

from conftest import of_type

# Where AWS knows no narrower resource than "*". All of them are in the policy of a key, where "*" means this key.
STARS = {
    ("TopicKey", "kms:*", "*"): "hands the decision to the account's IAM policies; without it nobody could administer the key",
    ("TopicKey", "kms:Decrypt", "*"): "the key itself",
    ("TopicKey", "kms:GenerateDataKey", "*"): "the key itself",
}
# For people at seven in the morning: what happened, what it means, what to do first.
SENTENCES = 3


def listed(value):
    return value if isinstance(value, list) else [value]


def documents(resources):
    """All policy documents, with the resource that holds them."""
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        for key in ("PolicyDocument", "KeyPolicy"):
            if key in properties:
                yield name, properties[key]
        for policy in properties.get("Policies", []):
            yield name, policy["PolicyDocument"]


def statements(resources):
    for name, document in documents(resources):
        for statement in document["Statement"]:
            if "Fn::If" in statement:
                statement = statement["Fn::If"][1]
            yield name, statement


def test_every_permission_is_on_one_resource_and_for_one_action(resources):
    stars = set()
    for name, statement in statements(resources):
        if statement["Effect"] != "Allow":
            continue
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                if "*" in action or "*" in json.dumps(resource):
                    stars.add((name, action, resource if isinstance(resource, str) else json.dumps(resource)))
    assert stars == set(STARS), "a star is missing here, or has no reason here"


def test_no_role_has_a_managed_policy(resources):
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in role["Properties"], name


def test_services_act_for_this_account_only(resources):
    """Lambda's and the chat's roles are bound by the function and by allowing nothing; all else has a condition."""
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
            service = statement["Principal"]["Service"]
            if service == "scheduler.amazonaws.com":
                assert set(statement["Condition"]["StringEquals"]) == {"aws:SourceAccount", "aws:SourceArn"}
            elif service == "chatbot.amazonaws.com":
                assert "Policies" not in role["Properties"]
            else:
                assert service == "lambda.amazonaws.com", name
    for name, statement in statements(resources):
        if "Service" in statement.get("Principal", {}) and statement["Principal"] != "*":
            assert "aws:SourceAccount" in statement["Condition"]["StringEquals"], name


def test_queues_and_topics_refuse_what_is_not_tls(resources):
    for kind, policy_kind, key in (
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues"),
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics"),
    ):
        guarded = set()
        for policy in of_type(resources, policy_kind).values():
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}:
                    assert statement["Principal"] == "*"
                    guarded |= {reference["Ref"] for reference in policy["Properties"][key]}
        assert guarded == set(of_type(resources, kind))


def test_the_function_is_what_readme_says(resources):
    function = resources["Function"]["Properties"]
    assert (function["Runtime"], function["Handler"]) == ("provided.al2023", "bootstrap")
    assert function["Architectures"] == [{"Ref": "Architecture"}]
    assert function["MemorySize"] == 256
    assert function["ReservedConcurrentExecutions"] == {
        "Fn::If": ["ReserveConcurrency", {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}]
    }
    assert function["LoggingConfig"]["LogGroup"] == {"Ref": "LogGroup"}
    assert resources["LogGroup"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_failed_runs_are_tried_twice_more_and_then_kept(resources):
    (config,) = of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    assert config["Properties"]["MaximumRetryAttempts"] == 2
    destination = config["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": ["FailedRuns", "Arn"]}


def test_the_schedule_is_bound_to_the_stack_and_tells_when_it_meant_to_fire(resources):
    (schedule,) = of_type(resources, "AWS::Scheduler::Schedule").values()
    properties = schedule["Properties"]
    assert "Name" not in properties, "two stacks must not fight for one name"
    assert properties["State"] == {"Ref": "ScheduleState"}
    assert properties["ScheduleExpressionTimezone"] == {"Ref": "ScheduleTimeZone"}
    target = properties["Target"]
    assert target["RoleArn"] == {"Fn::GetAtt": ["ScheduleRole", "Arn"]}
    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["UndeliveredSchedules", "Arn"]}
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    assert json.loads(target["Input"]) == {
        "trigger": "schedule",
        "schedule_arn": "<aws.scheduler.schedule-arn>",
        "scheduled_time": "<aws.scheduler.scheduled-time>",
    }


def test_the_ledger_outlives_the_stack_and_can_be_restored(resources):
    ledger = resources["Ledger"]
    properties = ledger["Properties"]
    assert (ledger["DeletionPolicy"], ledger["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]


def test_nothing_but_the_ledger_is_left_behind(resources):
    assert {name for name, resource in resources.items() if resource.get("DeletionPolicy") == "Retain"} == {"Ledger"}


def test_the_secret_is_made_with_a_placeholder_and_can_be_brought_along(stack):
    secret = stack["Resources"]["ZoomSecret"]
    assert secret["Condition"] == "MakeSecret"
    value = json.loads(secret["Properties"]["SecretString"])
    assert value == dict.fromkeys(["account_id", "client_id", "client_secret"], "REPLACE_ME")
    variables = stack["Resources"]["Function"]["Properties"]["Environment"]["Variables"]
    assert variables["ZOOM_SECRET_ID"] == {"Fn::If": ["MakeSecret", {"Ref": "ZoomSecret"}, {"Ref": "ZoomSecretArn"}]}


def test_the_topics_have_a_key_that_alarms_can_use(resources):
    for name in ("AlertTopic", "OperationsTopic"):
        assert resources[name]["Properties"]["KmsMasterKeyId"] == {"Ref": "TopicKey"}
    for_alarms = [
        statement
        for statement in resources["TopicKey"]["Properties"]["KeyPolicy"]["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    ]
    assert [set(statement["Action"]) for statement in for_alarms] == [{"kms:Decrypt", "kms:GenerateDataKey"}]


def test_every_receiver_is_made_only_if_it_is_named(resources):
    for kind in ("AWS::SNS::Subscription", "AWS::Chatbot::SlackChannelConfiguration"):
        for name, resource in of_type(resources, kind).items():
            assert "Condition" in resource, name
    for name, subscription in of_type(resources, "AWS::SNS::Subscription").items():
        dead_letters = subscription["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]
        assert dead_letters == {"Fn::GetAtt": ["UndeliveredMessages", "Arn"]}, name
    for name, chat in of_type(resources, "AWS::Chatbot::SlackChannelConfiguration").items():
        (guardrail,) = chat["Properties"]["GuardrailPolicies"]
        assert guardrail["Fn::Sub"].endswith(":policy/CloudWatchReadOnlyAccess"), name


def test_alerts_and_failures_never_share_a_topic(resources):
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    for name, alarm in alarms.items():
        properties = alarm["Properties"]
        actions = properties["AlarmActions"] + properties.get("OKActions", []) + properties.get("InsufficientDataActions", [])
        assert {action["Ref"] for action in actions} == {"OperationsTopic"}, name
    assert resources["Function"]["Properties"]["Environment"]["Variables"]["ALERT_TOPIC_ARN"] == {"Ref": "AlertTopic"}


def test_every_alarm_says_what_happened_what_it_means_and_what_to_do(resources):
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        text = alarm["Properties"]["AlarmDescription"]
        text = text["Fn::Sub"] if isinstance(text, dict) else text
        assert len(re.findall(r"\.(?= |$)", text)) == SENTENCES, f"{name}: {text}"
        assert len(text) < 900, f"{name}: CloudWatch takes 1,024 characters"
        for output in re.findall(r"output (\w+Command)", text):
            assert output in OUTPUTS, f"{name} names {output}"


OUTPUTS = {
    "DoctorCommand",
    "PutSecretCommand",
    "TestAlertCommand",
    "BackfillCommand",
    "RunNowCommand",
    "LastAnswerCommand",
    "LastErrorCommand",
    "GetPolicyCommand",
    "PutPolicyCommand",
}


def test_the_commands_are_among_the_outputs(stack):
    assert {name for name in stack["Outputs"] if name.endswith("Command")} == OUTPUTS


def test_silence_raises_the_alarm(resources):
    properties = resources["NoCompletedRun"]["Properties"]
    assert (properties["Namespace"], properties["MetricName"]) == ("ZoomSmsCostAlerts", "RunCompleted")
    assert properties["TreatMissingData"] == "breaching"
    assert (properties["Statistic"], properties["Period"], properties["Threshold"]) == ("Sum", 3600, 1)
    assert properties["ComparisonOperator"] == "LessThanThreshold"
    assert properties["EvaluationPeriods"] == {"Ref": "HoursWithoutRun"}
    others = {name: alarm for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items() if name != "NoCompletedRun"}
    assert {alarm["Properties"]["TreatMissingData"] for alarm in others.values()} == {"notBreaching"}


def test_the_duration_alarm_follows_the_timeout(resources):
    seconds = resources["Function"]["Properties"]["Timeout"]
    properties = resources["RunsNearTimeout"]["Properties"]
    assert (properties["MetricName"], properties["Threshold"]) == ("Duration", seconds * 1000 * 80 // 100)
    dashboard = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert f'"label": "timeout", "value": {seconds * 1000} ' in dashboard


def test_every_dead_letter_queue_is_watched(resources):
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible"
        for dimension in alarm["Properties"]["Dimensions"]
    }
    assert watched == set(of_type(resources, "AWS::SQS::Queue"))


def test_the_dashboard_is_json_and_knows_every_alarm_of_every_region(resources):
    body = json.loads(re.sub(r"\$\{[\w.:]+\}", "x", resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]))
    assert {widget["type"] for widget in body["widgets"]} == {"metric", "alarm"}, "pictures, no text"
    for widget in body["widgets"]:
        assert widget["x"] + widget["width"] <= 24
    shown = set(re.findall(r"\$\{(\w+)\.Arn\}", resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]))
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    assert shown == {name for name, alarm in alarms.items() if "Condition" not in alarm}


def test_the_sample_policy_has_the_form_of_the_one_in_events(resources):
    from conftest import ROOT

    def form(policy):
        return set(policy) | {f"budget.{key}" for budget in policy["budget"] for key in budget}

    sample = resources["BudgetPolicy"]["Properties"]["Value"]
    assert form(tomllib.loads(sample)) <= form(tomllib.loads((ROOT / "events/policy.toml").read_text()))
    assert len(sample.encode()) < 4096, "the limit of a standard parameter"
