"""The template's promises."""

import json
import re
import shlex
import tomllib

import pytest
from conftest import of_type
from formation import Stack, branches, listed

# Where AWS knows no narrower resource than "*". All of them are in the policy of a key, where "*" means this key.
STARS = {
    ("TopicKey", "kms:*", "*"): "hands the decision to the account's IAM policies; without it nobody could administer the key",
    ("TopicKey", "kms:Decrypt", "*"): "the key itself",
    ("TopicKey", "kms:GenerateDataKey", "*"): "the key itself",
}
# For people at seven in the morning: what happened, what it means, what to do first.
SENTENCES = 3


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
            for each in branches(statement):
                yield name, each


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
        if "Service" not in statement.get("Principal", {}) or statement["Principal"] == "*":
            continue
        if statement["Principal"]["Service"] == "sns.amazonaws.com":
            # For dead letters SNS is known by the topic, whose ARN holds the account; it does not always say aws:SourceAccount.
            assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": [{"Ref": "AlertTopic"}, {"Ref": "OperationsTopic"}]}}, name
        else:
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


def test_the_code_is_the_zip_of_a_release_or_what_was_built(template):
    published = {"AlertEmail": "admin@example.com", "CodeBucket": "artifacts", "CodeKey": "zoom-sms-cost-alerts-0.6.0-arm64.zip"}
    for name in ("Function", "Widget"):
        assert Stack(template, published).properties(name)["Code"] == {"S3Bucket": "artifacts", "S3Key": published["CodeKey"]}
        # Which `sam build` puts its own path in place of.
        assert Stack(template).properties(name)["Code"] == "."
    assert Stack(template, published).refusals() == []


def test_no_transform_stands_between_the_template_and_aws(template):
    """And the two resources that one made up to version 0.5 have its names, so that an update does not replace them."""
    assert "Transform" not in template and not [name for name, each in template["Resources"].items() if "Serverless" in each["Type"]]
    kinds = {name: template["Resources"][name]["Type"] for name in ("FunctionSchedule", "FunctionEventInvokeConfig")}
    assert kinds == {"FunctionSchedule": "AWS::Scheduler::Schedule", "FunctionEventInvokeConfig": "AWS::Lambda::EventInvokeConfig"}
    assert template["Resources"]["FunctionEventInvokeConfig"]["Properties"]["Qualifier"] == "$LATEST"


def test_failed_runs_are_tried_twice_more_and_then_kept(resources):
    (config,) = of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    assert config["Properties"]["MaximumRetryAttempts"] == 2
    destination = config["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": ["FailedRuns", "Arn"]}


def test_a_failing_run_can_be_tried_three_times_within_its_events_age(template, resources):
    (config,) = of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    # Lambda waits one minute before the first repetition, and two before the second.
    assert 3 * timeout(template)["Seconds"] + 180 <= config["Properties"]["MaximumEventAgeInSeconds"]


def test_the_schedule_is_bound_to_the_stack_and_says_when_it_meant_to_fire(resources):
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
    # RetainExceptOnCreate: a first deployment that fails leaves none behind.
    assert (ledger["DeletionPolicy"], ledger["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    assert {(each["AttributeName"], each["AttributeType"]) for each in properties["AttributeDefinitions"]} == {("pk", "S"), ("sk", "S")}


def test_the_protected_table_is_made_after_what_a_first_deployment_fails_at(resources):
    """A table that is protected cannot be rolled back: the stack would be left behind half made."""
    ledger = resources["Ledger"]
    named = {value["Fn::If"][1]["Ref"] for value in ledger["Metadata"]["MadeAfter"]}
    made_before = named | set(ledger["DependsOn"])
    chats = {name for kind in CHATS for name in of_type(resources, kind)}
    assert made_before >= chats | {"BudgetPolicy", "ScheduleGroup", "LogGroup", "WidgetLogGroup", "StackNameMustFit", "HoursWithoutRunMustFit"}


CHATS = ("AWS::Chatbot::SlackChannelConfiguration", "AWS::Chatbot::MicrosoftTeamsChannelConfiguration")

# Every one of these is what AWS compares: if one of them changes, the next update sets the value again, and the budgets in force are lost.
# Do not make this test pass by changing it.
POLICY_AS_FIRST_DEPLOYED = {
    "Name": {"Fn::Sub": "/${AWS::StackName}/policy"},
    "Description": "Budgets of the SMS cost alerts; the output PutPolicyCommand sets them",
    "Type": "String",
    "Value": """\
time_zone = "UTC"                  # where days and months turn, such as "America/New_York"
late_charges_days = 3              # keep judging a closed period this long

[[budget]]
name     = "every number"
scope    = "billing_number"        # billing_number, department, cost_center or account
currency = "USD"
amount   = "100.00"                # each billing number may spend this much a month
alert_at = [50, 80, 100]           # percent of amount

[[budget]]
name     = "whole account"
scope    = "account"
currency = "USD"
amount   = "1000.00"
alert_at = [50, 80, 100]
""",
}


def test_no_update_and_no_deletion_touches_the_budgets(resources):
    policy = resources["BudgetPolicy"]
    assert policy["Properties"] == POLICY_AS_FIRST_DEPLOYED
    assert (policy["DeletionPolicy"], policy["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert policy["Condition"] == "MakePolicy"


def test_budgets_that_stayed_are_taken_over(template):
    kept = "/alerts/policy"
    stack = Stack(template, {"AlertEmail": "admin@example.com", "ExistingPolicy": kept})
    assert "BudgetPolicy" not in stack.resources()
    assert stack.properties("Function")["Environment"]["Variables"]["POLICY"] == f"ssm:{kept}"
    (statement,) = [each for each in called(stack) if each["Action"] == "ssm:GetParameter"]
    assert statement["Resource"] == f"arn:aws:ssm:us-east-1:123456789012:parameter{kept}"
    outputs = stack.outputs()
    assert outputs["PolicyName"] == kept
    for command in ("GetPolicyCommand", "PutPolicyCommand", "DoctorCommand", "BackfillCommand"):
        assert re.search(rf"(--name |=ssm:){kept}( |$)", outputs[command]), command
    # Without it the stack makes its own, and every place knows that.
    own = Stack(template, {"AlertEmail": "admin@example.com"})
    assert own.properties("Function")["Environment"]["Variables"]["POLICY"] == "ssm:<BudgetPolicy>"
    assert own.outputs()["PolicyName"] == "<BudgetPolicy>"


def test_budgets_may_be_in_the_ledgers_table(template):
    stack = Stack(template, {"AlertEmail": "admin@example.com", "PolicyInTable": "budgets"})
    assert stack.properties("Function")["Environment"]["Variables"]["POLICY"] == "table:budgets"
    outputs = stack.outputs()
    for command in ("PutPolicyCommand", "DoctorCommand", "BackfillCommand"):
        assert " LEDGER_TABLE=<Ledger> POLICY=table:budgets " in outputs[command], command
    assert outputs["PutPolicyCommand"].endswith(" cost-alerts policy put policy.toml")
    assert """ --table-name <Ledger> --key '{"pk":{"S":"policy"},"sk":{"S":"budgets"}}' --consistent-read """ in outputs["GetPolicyCommand"]
    # The read is one that runs make anyway.
    (ledger,) = [each for each in called(stack) if "dynamodb:BatchGetItem" in each["Action"]]
    assert ledger["Resource"] == "<Ledger.Arn>"


def called(stack):
    (policy,) = [policy for policy in stack.properties("FunctionRole")["Policies"] if policy["PolicyName"] == "what-the-program-calls"]
    return policy["PolicyDocument"]["Statement"]


def test_nothing_but_the_ledger_and_the_budgets_is_left_behind(resources):
    kept = {name for name, resource in resources.items() if "Retain" in resource.get("DeletionPolicy", "")}
    assert kept == {"Ledger", "BudgetPolicy"}


@pytest.mark.parametrize("parameters", [{"RolePath": "/apps/zoom/"}, {"PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/bounds"}])
def test_every_role_takes_a_path_and_a_boundary(template, resources, parameters):
    chat = {"AlertEmail": "admin@example.com", "SlackWorkspaceId": "T1", "SlackChannelId": "C1"}
    plain, given = Stack(template, chat), Stack(template, chat | parameters)
    assert given.refusals() == []
    roles = of_type(resources, "AWS::IAM::Role")
    assert len(roles) == 4
    for name in roles:
        assert not {"Path", "PermissionsBoundary"} & set(plain.properties(name)), "a property that appears would replace roles"
        added = {key: given.properties(name)[key] for key in set(given.properties(name)) - set(plain.properties(name))}
        assert list(added.values()) == list(parameters.values()), name
        assert set(added) == {"Path" if "RolePath" in parameters else "PermissionsBoundary"}


SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:zoom-AbCdEf"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000001"


def secret_id(stack):
    """The place of the credentials, which function and local commands are given alike."""
    (place,) = {
        stack.properties("Function")["Environment"]["Variables"]["ZOOM_SECRET_ID"],
        *(re.search(r" ZOOM_SECRET_ID=(\S+) ", stack.outputs()[command])[1] for command in ("DoctorCommand", "BackfillCommand")),
    }
    return place


def read_as_credentials(stack):
    """What the role may call to read the credentials, and what AWS may call for it with a key of the owner's."""
    program, service = [policy["PolicyDocument"]["Statement"] for policy in stack.properties("FunctionRole")["Policies"]]
    budgets = stack.outputs()["PolicyName"]
    reads = [
        each
        for each in program
        if each["Action"] in ("secretsmanager:GetSecretValue", "ssm:GetParameter") and not each["Resource"].endswith(f"parameter{budgets}")
    ]
    return reads, [each for each in service if each["Action"] == "kms:Decrypt"]


def via(service):
    """A service's name for keys, whose last part may be another one in another partition."""
    return {"kms:ViaService": [f"{service}.us-east-1.amazonaws.com"] * 2}


def test_the_secret_is_made_with_a_placeholder_and_can_be_brought_along(template):
    secret = template["Resources"]["ZoomSecret"]
    value = json.loads(secret["Properties"]["SecretString"])
    assert value == dict.fromkeys(["account_id", "client_id", "client_secret"], "REPLACE_ME")
    own, brought = Stack(template), Stack(template, {"ZoomSecretArn": SECRET, "ZoomSecretKeyArn": KEY})
    assert "ZoomSecret" in own.resources() and "ZoomSecret" not in brought.resources()
    assert (secret_id(own), secret_id(brought)) == ("<ZoomSecret>", SECRET)
    read = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue"}
    assert read_as_credentials(own) == ([read | {"Resource": "<ZoomSecret>"}], [])
    decrypt = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY, "Condition": {"StringEquals": via("secretsmanager")}}
    assert Stack(template, {"ZoomSecretKeyArn": KEY}).refusals() != []
    assert read_as_credentials(brought) == ([read | {"Resource": SECRET}], [decrypt])


def test_credentials_in_a_parameter_are_read_there_and_nowhere_else(template):
    """With a key of one's own, that key opens this parameter alone, and for Systems Manager alone."""
    given, arn = {"AlertEmail": "admin@example.com", "ZoomSecretParameter": "/alerts/zoom"}, "arn:aws:ssm:us-east-1:123456789012:parameter/alerts/zoom"
    stack, keyed = Stack(template, given), Stack(template, given | {"ZoomSecretKeyArn": KEY})
    read = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": arn}
    only = {"StringEquals": via("ssm") | {"kms:EncryptionContext:PARAMETER_ARN": arn}}
    for each, keys in ((stack, []), (keyed, [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY, "Condition": only}])):
        assert each.refusals() == []
        assert "ZoomSecret" not in each.resources()
        assert secret_id(each) == "ssm:/alerts/zoom"
        assert read_as_credentials(each) == ([read], keys)
    command = "aws ssm put-parameter --region us-east-1 --name /alerts/zoom --type SecureString{} --overwrite --value file://zoom.json"
    assert stack.outputs()["PutSecretCommand"] == command.format("")
    assert keyed.outputs()["PutSecretCommand"] == command.format(f" --key-id {KEY}")


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
    for kind in ("AWS::SNS::Subscription", *CHATS):
        for name, resource in of_type(resources, kind).items():
            assert "Condition" in resource, name
    for name, subscription in of_type(resources, "AWS::SNS::Subscription").items():
        dead_letters = subscription["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]
        assert dead_letters == {"Fn::GetAtt": ["UndeliveredMessages", "Arn"]}, name
    for kind in CHATS:
        for name, chat in of_type(resources, kind).items():
            (guardrail,) = chat["Properties"]["GuardrailPolicies"]
            assert guardrail["Fn::Sub"].endswith(":policy/CloudWatchReadOnlyAccess"), name


IN_CHAT = {
    "SlackWorkspaceId": "T1",
    "SlackChannelId": "C1",
    "SlackOperationsChannelId": "C2",
    "TeamsTenantId": "0a1b2c3d-0000-4000-8000-000000000001",
    "TeamsTeamId": "0a1b2c3d-0000-4000-8000-000000000002",
    "TeamsChannelId": "19%3Aabc%40thread.tacv2",
    "TeamsOperationsChannelId": "19%3Adef%40thread.tacv2",
}


def test_slack_and_teams_get_the_same_topics(template, resources):
    stack = Stack(template, IN_CHAT)
    topics = {name: stack.properties(name)["SnsTopicArns"] for kind in CHATS for name in of_type(resources, kind)}
    assert topics == {
        "SlackAlerts": ["<AlertTopic>"],
        "SlackOperations": ["<OperationsTopic>"],
        "TeamsAlerts": ["<AlertTopic>"],
        "TeamsOperations": ["<OperationsTopic>"],
    }
    teams = stack.properties("TeamsOperations")
    assert (teams["TeamsTenantId"], teams["TeamId"]) == (IN_CHAT["TeamsTenantId"], IN_CHAT["TeamsTeamId"])
    assert teams["TeamsChannelId"] == IN_CHAT["TeamsOperationsChannelId"]
    without = Stack(template, {"AlertEmail": "admin@example.com"}).resources()
    assert not set(without) & {*topics, "ChatRole", "SlackDropsAlerts", "TeamsDropsAlerts", "SlackLosesAlerts", "TeamsLosesAlerts"}


def test_names_in_chat_differ_by_stack_and_region(template, resources):
    """They are global: a second Region with a stack of the same name would fail."""
    names = [
        Stack(template, IN_CHAT, name=name, region=region).properties(chat)["ConfigurationName"]
        for name in ("alerts", "a" * 64)
        for region in ("us-east-1", "ap-southeast-2")
        for kind in CHATS
        for chat in of_type(resources, kind)
    ]
    assert len(names) == len(set(names)) == 16
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9-_]{1,128}", name)


def test_a_second_stack_can_share_a_channel(template):
    other = [f"arn:aws:sns:us-east-1:123456789012:other-{number}" for number in range(3)]
    stack = Stack(template, IN_CHAT | {"FurtherAlertTopics": ",".join(other[:2]), "FurtherOperationsTopics": other[2]})
    assert stack.refusals() == []
    for kind in ("Slack", "Teams"):
        assert stack.properties(f"{kind}Alerts")["SnsTopicArns"] == ["<AlertTopic>", *other[:2]]
        assert stack.properties(f"{kind}Operations")["SnsTopicArns"] == ["<OperationsTopic>", other[2]]


def test_what_the_chat_service_drops_is_watched_where_it_is_counted(template):
    stack = Stack(template, IN_CHAT)
    for kind in ("Slack", "Teams"):
        for alarm, metric in (("DropsAlerts", "UnsupportedEvents"), ("LosesAlerts", "MessageDeliveryFailure")):
            properties = stack.properties(kind + alarm)
            ((name, configuration),) = [tuple(d.values()) for d in properties["Dimensions"]]
            assert (name, configuration) == ("ConfigurationName", stack.properties(f"{kind}Alerts")["ConfigurationName"])
            assert (properties["Namespace"], properties["MetricName"]) == ("AWS/Chatbot", metric)
    elsewhere = Stack(template, IN_CHAT, region="eu-west-1").resources()
    assert not {"SlackDropsAlerts", "SlackLosesAlerts"} & set(elsewhere)


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
    "AddOwnerCommand",
    "DoctorCommand",
    "PutSecretCommand",
    "TestAlertCommand",
    "TestOperationsCommand",
    "ConfirmAlertEmailCommand",
    "ConfirmOperationsEmailCommand",
    "BackfillCommand",
    "RunNowCommand",
    "LastAnswerCommand",
    "LastErrorCommand",
    "GetPolicyCommand",
    "PutPolicyCommand",
}


def test_the_commands_are_among_the_outputs(template):
    assert {name for name in template["Outputs"] if name.endswith("Command")} == OUTPUTS


def test_silence_raises_the_alarm(template, resources):
    properties = resources["NoCompletedRun"]["Properties"]
    assert (properties["Namespace"], properties["MetricName"]) == ("ZoomSmsCostAlerts", "RunCompleted")
    assert (properties["Statistic"], properties["Period"], properties["Threshold"]) == ("Sum", 3600, 1)
    assert properties["ComparisonOperator"] == "LessThanThreshold"
    assert properties["EvaluationPeriods"] == {"Ref": "HoursWithoutRun"}
    assert Stack(template).properties("NoCompletedRun")["TreatMissingData"] == "breaching"
    others = {name: alarm for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items() if name != "NoCompletedRun"}
    assert {alarm["Properties"]["TreatMissingData"] for alarm in others.values()} == {"notBreaching"}


def test_a_schedule_that_is_switched_on_again_is_watched_again(template, resources):
    """Alarms act on transitions: one that entered ALARM with its actions off, or stayed in ALARM meanwhile, would never speak."""
    off = Stack(template, {"ScheduleState": "DISABLED"}).properties("NoCompletedRun")
    assert off["TreatMissingData"] == "notBreaching", "silence is expected, so that the alarm is OK"
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        assert "ActionsEnabled" not in alarm["Properties"], name


def test_the_way_of_alarms_can_be_tested_from_end_to_end(template):
    command = Stack(template, {"AlertEmail": "admin@example.com"}).outputs()["TestOperationsCommand"]
    first, second = command.split(" && ")
    for part, state in ((first, "OK"), (second, "ALARM")):
        # From OK, since an alarm that is in ALARM already does nothing.
        assert part.startswith("aws cloudwatch set-alarm-state --region us-east-1 --alarm-name <NoCompletedRun> ")
        assert f" --state-value {state} --state-reason '" in part


def timeout(template):
    return template["Mappings"]["Timeout"]["Function"]


def test_all_that_hangs_on_the_timeout_follows_it(template):
    """CloudFormation cannot reckon, so the figures are written down; they stand in one place, and everybody refers to it."""
    times = timeout(template)
    seconds = times["Seconds"]
    assert seconds == 900, "the most that Lambda gives"
    assert times["Milliseconds"] == seconds * 1000
    assert times["NearMilliseconds"] == seconds * 1000 * 80 // 100
    assert times["ClientSeconds"] > seconds
    function, near, dashboard = (template["Resources"][name]["Properties"] for name in ("Function", "RunsNearTimeout", "Dashboard"))
    assert function["Timeout"] == {"Fn::FindInMap": ["Timeout", "Function", "Seconds"]}
    assert (near["MetricName"], near["Threshold"]) == ("Duration", {"Fn::FindInMap": ["Timeout", "Function", "NearMilliseconds"]})
    assert dashboard["DashboardBody"]["Fn::Sub"][1] == {"TimeoutMilliseconds": {"Fn::FindInMap": ["Timeout", "Function", "Milliseconds"]}}
    assert '"label": "timeout", "value": ${TimeoutMilliseconds} ' in dashboard["DashboardBody"]["Fn::Sub"][0]
    assert f"--cli-read-timeout {times['ClientSeconds']} " in Stack(template).outputs()["RunNowCommand"]
    # A run and its repetition, with a minute between, must fall into one period.
    assert template["Resources"]["RunsFail"]["Properties"]["Period"] >= 2 * seconds + 60


def test_a_subscriber_less_topic_and_a_stale_report_raise_alarms(resources):
    for name in ("NobodyListens", "ReportStale"):
        properties = resources[name]["Properties"]
        assert (properties["Namespace"], properties["MetricName"]) == ("ZoomSmsCostAlerts", name)
        assert properties["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "Function"}}]
        assert (properties["Statistic"], properties["Threshold"]) == ("Maximum", 1)
        assert properties["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_alarms_on_queues_speak_each_time(resources):
    """On what is sent, not on what lies there: that would speak once until the queue is empty. What lies there is on the dashboard."""
    watched = {}
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        properties = alarm["Properties"]
        if properties["Namespace"] == "AWS/SQS":
            (queue,) = [dimension["Value"]["Fn::GetAtt"][0] for dimension in properties["Dimensions"]]
            watched[queue] = (properties["MetricName"], properties["Statistic"], properties["Threshold"])
            # SQS may report 15 minutes late from a queue that was idle. An hour on, the alarm must be ready for the next message.
            assert properties["DatapointsToAlarm"] == 1, name
            assert 15 * 60 < properties["Period"] * properties["EvaluationPeriods"] < 60 * 60, name
    assert watched == dict.fromkeys(of_type(resources, "AWS::SQS::Queue"), ("NumberOfMessagesSent", "Sum", 1))
    body = dashboard(resources)
    assert '"ApproximateNumberOfMessagesVisible"' in body
    assert set(re.findall(r"\$\{(\w+)\.QueueName\}", body)) == set(watched)


def test_messages_that_cannot_even_be_kept_raise_an_alarm(resources):
    topics = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["MetricName"] == "NumberOfNotificationsFailedToRedriveToDlq"
        for dimension in alarm["Properties"]["Dimensions"]
    }
    assert topics == set(of_type(resources, "AWS::SNS::Topic"))


def dashboard(resources):
    return resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0]


def test_the_dashboard_searches_by_the_name_of_the_metric(resources):
    """A bare word matches anywhere, also in the name of a function."""
    searches = re.findall(r"SEARCH\('\{[^}]*\} ([^']*)'", dashboard(resources).replace("\\", ""))
    assert len(searches) == 3
    for terms in searches:
        for term in terms.split():
            assert re.match(r"(MetricName|FunctionName)=", term), term
    # Money has its currency in the name (SpentToDate.USD): without quotation marks the beginning is enough.
    assert [terms.split()[0] for terms in searches] == ["MetricName=SpentToDate", "MetricName=HighestBudget", 'MetricName="FailuresByKind"']


def test_the_dashboards_name_is_one_in_all_regions(template):
    """Dashboards are global: of two stacks of one name in two Regions, one would overwrite the other's."""
    names = {Stack(template, region=region).properties("Dashboard")["DashboardName"] for region in ("us-east-1", "eu-west-1")}
    assert names == {"alerts-us-east-1", "alerts-eu-west-1"}


@pytest.mark.parametrize(
    "partition, region, domain",
    [
        ("aws", "eu-west-1", "console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"),
    ],
)
def test_links_lead_to_the_console_of_the_partition(template, partition, region, domain):
    url = Stack(template, region=region, partition=partition).outputs()["DashboardUrl"]
    assert url == f"https://{region}.{domain}/cloudwatch/home?region={region}#dashboards/dashboard/<Dashboard>"


def test_policies_over_4_kb_can_be_put(template):
    command = Stack(template).outputs()["PutPolicyCommand"]
    assert "--overwrite --tier Intelligent-Tiering --value file://policy.toml" in command


def test_a_backfill_raises_no_alarm(template):
    """It runs where the operator is: in the function it would take its whole time (RunsNearTimeout), and runs would wait (RunsThrottled)."""
    stack = Stack(template, {"ZoomRequestsPerSecond": 8})
    command = stack.outputs()["BackfillCommand"]
    assert "aws lambda" not in command and command.endswith(" cost-alerts backfill")
    # Beside the runs' own pace, so that Zoom does not refuse theirs (ZoomRefusesOften).
    assert " ZOOM_REQUESTS_PER_SECOND=1 " in command


def test_local_commands_have_the_functions_variables(template):
    stack = Stack(template, {"ExistingLedgerTable": "kept", "ZoomRequestsPerSecond": 8, "LateReadHours": 5})
    variables = stack.properties("Function")["Environment"]["Variables"]
    doctor = stack.outputs()["DoctorCommand"]
    assert dict(word.split("=", 1) for word in shlex.split(doctor.split(" cost-alerts ")[0])) == variables | {"AWS_REGION": "us-east-1"}
    assert doctor.endswith(" cost-alerts doctor --operations-topic <OperationsTopic>")
    # It sends nothing that could end with it.
    del variables["LINK"]
    backfill = stack.outputs()["BackfillCommand"].split(" cost-alerts ")[0].split()
    assert dict(word.split("=", 1) for word in backfill) == variables | {"AWS_REGION": "us-east-1", "ZOOM_REQUESTS_PER_SECOND": "1"}


def test_subscriptions_can_be_confirmed_so_that_the_link_does_not_end_them(template):
    outputs = Stack(template, {"AlertEmail": "admin@example.com"}).outputs()
    for command, topic in (("ConfirmAlertEmailCommand", "AlertTopic"), ("ConfirmOperationsEmailCommand", "OperationsTopic")):
        assert f"aws sns confirm-subscription --region us-east-1 --topic-arn <{topic}> --authenticate-on-unsubscribe true" in outputs[command]
    assert "ConfirmAlertEmailCommand" not in Stack(template, {"OperationsEmail": "ops@example.com"}).outputs()


def test_the_dashboard_is_json_and_knows_every_alarm_of_every_region(resources):
    body = json.loads(re.sub(r"\$\{[\w.:]+\}", "0", dashboard(resources)))
    assert {widget["type"] for widget in body["widgets"]} == {"custom", "metric", "alarm"}, "pictures, no text"
    places = [(x, y) for each in body["widgets"] for x in range(each["x"], each["x"] + each["width"]) for y in range(each["y"], each["y"] + each["height"])]
    assert len(places) == len(set(places)), "widgets overlap"
    for widget in body["widgets"]:
        assert widget["x"] + widget["width"] <= 24
    shown = set(re.findall(r"\$\{(\w+)\.Arn\}", dashboard(resources))) - {"Widget"}
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    assert shown == {name for name, alarm in alarms.items() if "Condition" not in alarm}


def test_the_sample_policy_has_the_form_of_the_one_in_events(resources):
    from conftest import ROOT

    def form(policy):
        return set(policy) | {f"budget.{key}" for budget in policy["budget"] for key in budget}

    sample = resources["BudgetPolicy"]["Properties"]["Value"]
    assert form(tomllib.loads(sample)) <= form(tomllib.loads((ROOT / "events/policy.toml").read_text()))
    assert len(sample.encode()) < 4096, "the limit of a standard parameter"


def test_messages_and_output_lead_to_the_dashboard(template):
    """Of names alone, since the dashboard refers to the function that has the link; so the name stands in three places."""
    for partition, region, domain in (("aws", "eu-west-1", "console.aws.amazon.com"), ("aws-cn", "cn-north-1", "console.amazonaws.cn")):
        stack = Stack(template, name="sms", region=region, partition=partition)
        name = stack.properties("Dashboard")["DashboardName"]
        url = f"https://{region}.{domain}/cloudwatch/home?region={region}#dashboards/dashboard/{name}"
        assert stack.properties("Function")["Environment"]["Variables"]["LINK"] == url
        assert stack.outputs()["DashboardUrl"] == url.replace(name, "<Dashboard>")
        assert f" LINK='{url}' " in stack.outputs()["DoctorCommand"]
    longest = Stack(template, name="x" * 64, region="us-gov-west-1", partition="aws-us-gov").properties("Function")
    assert len(longest["Environment"]["Variables"]["LINK"]) <= 500, "the program takes no longer one"


def test_the_widget_is_the_same_program_and_can_read_pages_and_nothing_else(template, resources):
    function, widget = (template["Resources"][name] for name in ("Function", "Widget"))
    for key in ("Code", "Runtime", "Handler", "Architectures"):
        assert widget["Properties"][key] == function["Properties"][key], key
    for key in ("BuildMethod", "WorkingDirectory"):
        assert widget["Metadata"][key] == function["Metadata"][key]
    assert (widget["Properties"]["MemorySize"], widget["Properties"]["Timeout"]) == (256, 10)
    table = "arn:aws:dynamodb:us-east-1:123456789012:table/kept"
    for parameters, name, arn in (({}, "<Ledger>", "<Ledger.Arn>"), ({"ExistingLedgerTable": "kept"}, "kept", table)):
        stack = Stack(template, parameters)
        assert stack.properties("Widget")["Environment"]["Variables"] == {"MODE": "widget", "LEDGER_TABLE": name}
        program, service = [policy["PolicyDocument"]["Statement"] for policy in stack.properties("WidgetRole")["Policies"]]
        own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["page"]}}
        assert program == [{"Effect": "Allow", "Action": "dynamodb:Query", "Resource": arn, "Condition": own}]
        logs = ["logs:CreateLogStream", "logs:PutLogEvents"]
        assert service == [{"Effect": "Allow", "Action": logs, "Resource": "<WidgetLogGroup.Arn>"}]
    assert resources["Widget"]["Properties"]["LoggingConfig"]["LogGroup"] == {"Ref": "WidgetLogGroup"}
    assert resources["WidgetLogGroup"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_the_widget_is_on_top_of_the_dashboard(template):
    body = json.loads(Stack(template).properties("Dashboard")["DashboardBody"])
    top = min(body["widgets"], key=lambda widget: (widget["y"], widget["x"]))
    assert (top["type"], top["width"], top["properties"]["endpoint"]) == ("custom", 24, "<Widget.Arn>")
    assert top["properties"]["updateOn"] == {"refresh": True, "resize": True, "timeRange": False}
    assert not [widget for widget in body["widgets"] if widget is not top and widget["y"] < top["height"]]


def test_what_viewers_need_is_said(template):
    assert "viewers need lambda:InvokeFunction on the output WidgetFunctionArn" in " ".join(template["Description"].split())
    assert len(template["Description"].encode()) <= 1024, "the limit of a description"
    assert Stack(template).outputs()["WidgetFunctionArn"] == "<Widget.Arn>"
