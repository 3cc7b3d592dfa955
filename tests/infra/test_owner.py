"""The stack of one owner, and what the main stack lets its function do for owners."""

import fnmatch
import re
import shlex

import pytest
from conftest import OWNER, actions_of, of_type
from formation import Stack, listed

ROLE = "arn:aws:iam::123456789012:role/apps/alerts-FunctionRole-1A2B"
SENDER = {"FunctionRoleArns": ROLE, "OperationsTopicArn": "arn:aws:sns:us-east-1:123456789012:alerts-OperationsTopic-3C4D"}
BY_MAIL = SENDER | {"AlertEmail": "marketing@example.com"}
IN_CHAT = SENDER | {
    "SlackWorkspaceId": "T1",
    "SlackChannelId": "C1",
    "TeamsTenantId": "0a1b2c3d-0000-4000-8000-000000000001",
    "TeamsTeamId": "0a1b2c3d-0000-4000-8000-000000000002",
    "TeamsChannelId": "19%3Aabc%40thread.tacv2",
}
IN_CHAT_OF_MAIN = {name: value for name, value in IN_CHAT.items() if name not in SENDER}
TOPICS = ["arn:aws:sns:us-east-1:123456789012:marketing-AlertTopic-1", "arn:aws:sns:us-east-1:123456789012:sales-AlertTopic-2"]
RECEIVER = {"AlertEmail": "admin@example.com"}


# ---- The main stack ----


def called(template, **parameters):
    stack = Stack(template, RECEIVER | parameters)
    assert stack.refusals() == []
    return {policy["PolicyName"]: policy["PolicyDocument"]["Statement"] for policy in stack.properties("FunctionRole")["Policies"]}


def test_without_owners_the_function_publishes_to_its_own_topic_only(template):
    statements = called(template)["what-the-program-calls"]
    assert [each["Resource"] for each in statements if "sns:Publish" in each["Action"]] == ["<AlertTopic>"]


@pytest.mark.parametrize("count", [1, 2])
def test_with_owners_it_may_do_the_same_with_their_topics_and_nothing_else_changes(template, count):
    before, after = called(template), called(template, OwnerTopicArns=",".join(TOPICS[:count]))
    added = [each for each in after["what-the-program-calls"] if each not in before["what-the-program-calls"]]
    assert added == [{"Effect": "Allow", "Action": ["sns:GetTopicAttributes", "sns:Publish"], "Resource": TOPICS[:count]}]
    after["what-the-program-calls"].remove(added[0])
    assert after == before, "the keys are the owners' matter"


@pytest.mark.parametrize("topics", ["*", f"{TOPICS[0]}*", "arn:aws:sns:us-east-1:123456789012:orders.fifo", f"{TOPICS[0]},marketing"])
def test_what_is_no_topic_is_refused(template, topics):
    (said,) = Stack(template, RECEIVER | {"OwnerTopicArns": topics}).refusals()
    assert said.startswith("OwnerTopicArns must be ARNs of standard topics")


def test_the_command_makes_a_stack_that_nothing_refuses(template, owner):
    outputs = Stack(template, RECEIVER).outputs()
    words = shlex.split(outputs["AddOwnerCommand"].replace("<FunctionRole.Arn>", ROLE).replace("<OperationsTopic>", SENDER["OperationsTopicArn"]))
    place = words.index("--parameter-overrides")
    parameters = dict(word.split("=", 1) for word in words[place + 1 :])
    assert parameters == SENDER | {"AlertEmail": "ADDRESS"}
    assert words[words.index("--template-file") + 1] == OWNER.name
    assert Stack(owner, parameters | {"AlertEmail": "marketing@example.com"}).refusals() == []
    assert outputs["FunctionRoleArn"] == "<FunctionRole.Arn>"


# ---- The owner's stack ----


def test_an_owner_needs_a_sender_and_a_receiver(owner):
    sender, topic, receiver = Stack(owner).refusals()
    assert (sender, topic) == ("FunctionRoleArns must have a value", "OperationsTopicArn must have a value")
    assert receiver.startswith("Nobody would get this owner's cost alerts. Give AlertEmail")
    for parameters in (BY_MAIL, IN_CHAT, SENDER | {"AlertsReceivedElsewhere": "yes"}):
        assert Stack(owner, parameters).refusals() == []


@pytest.mark.parametrize(
    "parameters, reason",
    [
        ({"SlackChannelId": "C1"}, "Slack needs SlackWorkspaceId and SlackChannelId"),
        ({"SlackWorkspaceId": "T1"}, "Slack needs SlackWorkspaceId and SlackChannelId"),
        ({"TeamsChannelId": IN_CHAT["TeamsChannelId"]}, "Teams needs TeamsTenantId, TeamsTeamId and TeamsChannelId"),
        ({"FunctionRoleArns": "alerts-FunctionRole-1A2B"}, "FunctionRoleArns must be whole ARNs"),
        ({"FunctionRoleArns": f"{ROLE},"}, "FunctionRoleArns must be whole ARNs"),
        ({"OperationsTopicArn": TOPICS[0]}, "OperationsTopicArn must be the output OperationsTopicArn of the main stack"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(owner, parameters, reason):
    (said,) = Stack(owner, BY_MAIL | parameters).refusals()
    assert said.startswith(reason)


def test_the_function_and_nobody_else_may_publish_and_use_the_key_for_it(owner):
    for roles in ([ROLE], [ROLE, "arn:aws:iam::123456789012:role/second-FunctionRole-5E6F"]):
        stack = Stack(owner, BY_MAIL | {"FunctionRoleArns": ",".join(roles)})
        over_tls, publish = stack.properties("AlertTopicPolicy")["PolicyDocument"]["Statement"]
        assert (over_tls["Effect"], over_tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        assert (publish["Effect"], publish["Principal"], publish["Action"]) == ("Allow", {"AWS": roles}, "sns:Publish")
        account, use = stack.properties("TopicKey")["KeyPolicy"]["Statement"]
        assert account["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
        assert use["Principal"] == {"AWS": roles}
        assert set(use["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
        assert "sns.us-east-1.amazonaws.com" in use["Condition"]["StringEquals"]["kms:ViaService"]
    assert stack.properties("AlertTopic")["KmsMasterKeyId"] == "<TopicKey>"
    assert stack.properties("TopicKey")["EnableKeyRotation"] is True


def test_the_key_lets_the_function_do_what_the_main_key_does(template, owner):
    """Both topics are published to in the same way."""
    (main,) = [each for each in called(template)["what-aws-calls-for-it"] if each["Resource"] == "<TopicKey.Arn>"]
    use = {"Statement": Stack(owner, BY_MAIL).properties("TopicKey")["KeyPolicy"]["Statement"][1:]}
    assert actions_of(use) == set(main["Action"])


def test_every_receiver_of_an_owner_is_made_only_if_it_is_named(owner):
    receivers = {"AlertEmailSubscription", "SlackAlerts", "TeamsAlerts", "ChatRole"}
    by_mail, in_chat = Stack(owner, BY_MAIL), Stack(owner, IN_CHAT)
    assert receivers & set(by_mail.resources()) == {"AlertEmailSubscription"}
    assert receivers & set(in_chat.resources()) == {"SlackAlerts", "TeamsAlerts", "ChatRole"}
    assert by_mail.properties("AlertEmailSubscription") == {"TopicArn": "<AlertTopic>", "Protocol": "email", "Endpoint": "marketing@example.com"}
    assert "--topic-arn <AlertTopic> --authenticate-on-unsubscribe true" in by_mail.outputs()["ConfirmAlertEmailCommand"]
    assert set(in_chat.outputs()) == {"TopicArn"}


def test_an_owners_chat_is_made_as_the_main_stacks(template, owner):
    """The same but for names, ids and the topics of other stacks; the role still allows nothing."""
    main = Stack(template, IN_CHAT_OF_MAIN)
    stack = Stack(owner, IN_CHAT)
    for name in ("SlackAlerts", "TeamsAlerts", "ChatRole"):
        assert stack.properties(name) == main.properties(name)
    bounded = {"RolePath": "/apps/", "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/bounds"}
    role = Stack(owner, IN_CHAT | bounded).properties("ChatRole")
    assert (role["Path"], role["PermissionsBoundary"]) == tuple(bounded.values())
    assert "Policies" not in role


def test_what_does_not_reach_an_owner_is_reported_to_operations(template, owner):
    """The main stack's topic takes alarms by their names, so these must begin with its stack's."""
    (allowed,) = [
        statement["Condition"]["ArnLike"]["aws:SourceArn"]
        for statement in Stack(template, RECEIVER, name="alerts").properties("OperationsTopicPolicy")["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    stack = Stack(owner, IN_CHAT, name="marketing")
    alarms = of_type(owner["Resources"], "AWS::CloudWatch::Alarm")
    assert set(alarms) == {"NotificationsFail", "SlackDropsAlerts", "TeamsDropsAlerts", "SlackLosesAlerts", "TeamsLosesAlerts"}
    for name in alarms:
        properties = stack.properties(name)
        assert properties["AlarmActions"] == [SENDER["OperationsTopicArn"]]
        assert properties["AlarmName"] == f"alerts-marketing-{name}"
        assert fnmatch.fnmatchcase(f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{properties['AlarmName']}", allowed)
        text = properties["AlarmDescription"]
        assert len(re.findall(r"\.(?= |$)", text)) == 3 and "stack marketing" in text, "what happened, what it means, what to do"
        (output,) = re.findall(r"output (\w+) of stack alerts", text)
        assert output in template["Outputs"]
    for kind in ("Slack", "Teams"):
        for alarm in ("DropsAlerts", "LosesAlerts"):
            (dimension,) = stack.properties(kind + alarm)["Dimensions"]
            assert dimension["Value"] == stack.properties(f"{kind}Alerts")["ConfigurationName"]
    assert set(of_type(Stack(owner, IN_CHAT, region="eu-west-1").resources(), "AWS::CloudWatch::Alarm")) == {"NotificationsFail"}


def test_nothing_of_an_owner_is_left_behind_and_nothing_allows_everything(owner):
    assert {resource.get("DeletionPolicy", "Delete") for resource in owner["Resources"].values()} == {"Delete"}
    stars = {
        (name, action)
        for name, key in (("TopicKey", "KeyPolicy"), ("AlertTopicPolicy", "PolicyDocument"))
        for statement in Stack(owner, BY_MAIL).properties(name)[key]["Statement"]
        if statement["Effect"] == "Allow" and "*" in str(statement["Resource"])
        for action in listed(statement["Action"])
    }
    # In the policy of a key "*" means this key.
    assert stars == {("TopicKey", "kms:*"), ("TopicKey", "kms:Decrypt"), ("TopicKey", "kms:GenerateDataKey")}
