"""The template deployed on a stand-in for AWS, with the real program and the embedded Zoom: the schedule fires, the function runs, the
message arrives, the second run sends nothing again, and deleting the stack leaves nothing. Ordered: each test goes on where the last ended."""

import io
import json
import shutil
import stat
import subprocess
import time
import zipfile

import boto3
import pytest
import stand_in
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import of_type, program, translated

STACK = "alerts"
# What the stand-in does not have, left out of the stack by name, and why it can be done without here.
LEFT_OUT = {
    "FailuresByKind": "AWS::Logs::MetricFilter is unknown to it; linted, and compared with the program in test_contract.py",
    "SlackAlerts": "AWS::Chatbot is unknown to it; its condition is off, since no channel is given",
    "SlackOperations": "the same",
}
# What it has, but not as AWS has it: said here so that nobody takes it for proven.
NOT_PROVEN = [
    "IAM and key policies are not enforced",
    "TTL, point-in-time recovery and encryption of the table are not applied (test_template.py reads the template instead)",
    "DeletionPolicy is not heeded: the ledger is deleted with the stack (test_template.py reads the template instead)",
    "<aws.scheduler.*> in the schedule's input is not replaced",
    "alarms and the dashboard are made, but no metrics arrive",
]
MINUTE = 60
# After a failure the rest is skipped (conftest.py).
IN_ORDER = True
# A level that the sandbox's account has passed, whatever the day of the month is.
POLICY = """
unwatched = "ignore"
late_charges_days = 31
[[budget]]
name = "whole account"
scope = "account"
currency = "USD"
amount = "0.01"
"""


KINDS = {
    "alarm", "dashboard", "function", "key", "log group", "parameter", "queue", "role", "schedule", "schedule group", "secret",
    "subscription", "table", "topic",
}  # fmt: skip


class Deployment:
    def __init__(self, directory):
        self.closing = []
        try:
            self.start(directory)
        except BaseException:
            self.close()
            raise

    def start(self, directory):
        bootstrap = directory / "bootstrap"
        shutil.copy(program("zoom-sms-cost-alerts"), bootstrap)
        if shutil.which("strip"):
            subprocess.run(["strip", bootstrap], check=True)
        self.zoom, zoom = stand_in.sandbox(program("cost-alerts"), directory / "zoom.log")
        self.closing.append(self.zoom)
        self.credentials = {name: zoom[name] for name in ("account_id", "client_id", "client_secret")}
        self.aws, url, self.witness = stand_in.aws(directory)
        self.closing += [self.aws, self.witness]
        config = Config(retries={"max_attempts": 1}, read_timeout=90, proxies={})
        self.client = lambda service: boto3.client(service, endpoint_url=url, config=config)
        self.before = self.inventory()

        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = (stat.S_IFREG | 0o755) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, bootstrap.read_bytes())
        s3 = self.client("s3")
        s3.create_bucket(Bucket="artifacts")
        s3.put_object(Bucket="artifacts", Key="bootstrap.zip", Body=archive.getvalue())
        template = translated("s3://artifacts/bootstrap.zip")
        for name in LEFT_OUT:
            del template["Resources"][name]
        parameters = {
            "AlertEmail": "admin@example.com",
            "ScheduleExpression": "rate(1 minute)",
            "Architecture": "x86_64",
            "ZoomApiUrl": zoom["api_url"],
            "ZoomTokenUrl": zoom["token_url"],
            "ZoomRequestsPerSecond": "1000",
        }
        self.resources = template["Resources"]
        self.formation = self.client("cloudformation")
        self.formation.create_stack(
            StackName=STACK,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        self.created = time.monotonic()
        stack = self.settled("CREATE_COMPLETE")
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

        self.subscriber = stand_in.Subscriber()
        self.closing.append(self.subscriber)
        sns, sqs = self.client("sns"), self.client("sqs")
        self.queue = sqs.create_queue(QueueName="outside")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = self.outputs["AlertTopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=self.subscriber.url)
        request = self.subscriber.requests.get(timeout=20)
        sns.confirm_subscription(TopicArn=request["TopicArn"], Token=request["Token"])

    def settled(self, wanted, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            (stack,) = self.formation.describe_stacks(StackName=STACK)["Stacks"]
            if stack["StackStatus"] == wanted:
                return stack
            assert stack["StackStatus"].endswith("_IN_PROGRESS"), f"{stack['StackStatus']}: {self.reasons()}"
            assert time.monotonic() < deadline, f"{stack['StackStatus']} for {seconds} s"
            time.sleep(0.1)

    def reasons(self):
        events = self.formation.describe_stack_events(StackName=STACK)["StackEvents"]
        return [event.get("ResourceStatusReason") for event in events if event["ResourceStatus"].endswith("_FAILED")]

    def invoke(self, event):
        answer = self.client("lambda").invoke(FunctionName=self.outputs["FunctionName"], Payload=json.dumps(event))
        return "FunctionError" in answer, json.load(answer["Payload"])

    def next_message(self, seconds):
        """The next message at the SQS subscriber: its envelope and the machine form in it."""
        sqs, deadline = self.client("sqs"), time.monotonic() + seconds
        while time.monotonic() < deadline:
            reply = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=1, WaitTimeSeconds=5)
            for message in reply.get("Messages", []):
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                envelope = json.loads(message["Body"])
                return envelope, json.loads(envelope["Message"])
        raise AssertionError(f"no message in {seconds} s; the function called {self.witness.actions}")

    def ledger(self):
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.outputs["LedgerTableName"])
        return sorted((item for page in pages for item in page["Items"]), key=lambda item: item["pk"]["S"])

    def inventory(self):
        """Everything in the account that a stack may have made, by kind."""
        listed = {
            "function": ("lambda", "list_functions", "Functions", "FunctionName"),
            "log group": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
            "schedule": ("scheduler", "list_schedules", "Schedules", "Name"),
            "schedule group": ("scheduler", "list_schedule_groups", "ScheduleGroups", "Name"),
            "queue": ("sqs", "list_queues", "QueueUrls", None),
            "topic": ("sns", "list_topics", "Topics", "TopicArn"),
            "subscription": ("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
            "secret": ("secretsmanager", "list_secrets", "SecretList", "Name"),
            "parameter": ("ssm", "describe_parameters", "Parameters", "Name"),
            "table": ("dynamodb", "list_tables", "TableNames", None),
            "role": ("iam", "list_roles", "Roles", "RoleName"),
            "alarm": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
            "dashboard": ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
        }
        found = set()
        for kind, (service, operation, key, name) in listed.items():
            for thing in getattr(self.client(service), operation)().get(key, []):
                found.add((kind, thing if name is None else thing[name]))
        kms = self.client("kms")
        for key in kms.list_keys()["Keys"]:
            if kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled":
                found.add(("key", key["KeyId"]))
        return found

    def close(self):
        for thing in reversed(self.closing):
            thing.close()


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    deployed = Deployment(tmp_path_factory.mktemp("deployment"))
    yield deployed
    deployed.close()


def test_the_stack_is_made_with_all_but_what_is_left_out(deployment):
    made = deployment.formation.describe_stack_resources(StackName=STACK)["StackResources"]
    conditional = {"SlackRole", "SlackDropsAlerts"}
    assert {resource["LogicalResourceId"] for resource in made} == set(deployment.resources) - conditional
    kinds = {kind for kind, _ in deployment.inventory() - deployment.before}
    assert kinds == KINDS, "the inventory must see what it later finds gone"


def test_without_credentials_a_run_says_what_to_do(deployment):
    failed, error = deployment.invoke({"trigger": "by hand"})
    assert failed and error["errorType"] == "SecretUnreadable", error
    assert "still holds the placeholder" in error["errorMessage"]


def test_the_commands_put_the_credentials_and_the_policy(deployment):
    """With what the outputs say; the AWS command line itself is not at hand."""
    words = deployment.outputs["PutSecretCommand"].split()
    secret = words[words.index("--secret-id") + 1]
    deployment.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=json.dumps(deployment.credentials))
    words = deployment.outputs["PutPolicyCommand"].split()
    name = words[words.index("--name") + 1]
    # As in the command, without a type: it stays what it is.
    deployment.client("ssm").put_parameter(Name=name, Overwrite=True, Value=POLICY)


def test_a_test_alert_arrives(deployment):
    assert "'{\"test_alert\":true}'" in deployment.outputs["TestAlertCommand"]
    failed, answer = deployment.invoke({"test_alert": True})
    assert not failed, answer
    envelope, message = deployment.next_message(20)
    assert (message["kind"], message["schema"]) == ("test", 1)
    assert envelope["TopicArn"] == deployment.outputs["AlertTopicArn"]
    assert deployment.subscriber.next(20)["Subject"] == envelope["Subject"]


def test_the_schedule_fires_and_the_alert_arrives_everywhere(deployment):
    envelope, message = deployment.next_message(2 * MINUTE)
    assert message["kind"] == "budget"
    assert [alert["budget"] for alert in message["alerts"]] == ["whole account"] * len(message["alerts"])
    assert message["receipt"]["complete"] and not message["possible_repeat"]
    posted = deployment.subscriber.next(20)
    assert posted["Subject"] == envelope["Subject"]
    assert message["id"] in posted["Message"]


def alerts_in(items):
    return {item["pk"]["S"] for item in items if not item["pk"]["S"].startswith("history/")}


def test_the_second_firing_sends_nothing_again(deployment):
    calls = deployment.witness.actions
    alerts = alerts_in(deployment.ledger())
    looks = calls.count("dynamodb:BatchGetItem")
    # At the history, and at the ledger.
    deployment.witness.wait_for("dynamodb:BatchGetItem", looks + 2, 2 * MINUTE)
    # The run that the schedule started has looked into the ledger. A run by hand ends after it, and finds the same.
    failed, answer = deployment.invoke({"trigger": "by hand"})
    assert not failed, answer
    assert {alert["outcome"] for alert in answer["alerts"]} == {"already_sent"}
    assert calls.count("sns:Publish") == 2, "the test and the alert"
    assert alerts_in(deployment.ledger()) == alerts
    assert deployment.subscriber.posts.empty()
    reply = deployment.client("sqs").receive_message(QueueUrl=deployment.queue, WaitTimeSeconds=1)
    assert not reply.get("Messages")


def test_a_backfill_fills_the_history(deployment):
    assert "'{\"backfill\":true}'" in deployment.outputs["BackfillCommand"]
    failed, answer = deployment.invoke({"backfill": True})
    assert not failed, answer
    kept = [item for item in deployment.ledger() if item["pk"]["S"].startswith("history/")]
    assert len(kept) == answer["backfill"]["days"] > 360
    assert all("expires_at" in item for item in kept)


def test_the_function_may_do_exactly_what_it_was_seen_to_do(deployment):
    (policy,) = [
        policy["PolicyDocument"]
        for policy in deployment.resources["FunctionRole"]["Properties"]["Policies"]
        if policy["PolicyName"] == "what-the-program-calls"
    ]
    allowed = set()
    for statement in policy["Statement"]:
        allowed |= {statement["Action"]} if isinstance(statement["Action"], str) else set(statement["Action"])
    assert set(deployment.witness.actions) == allowed


def test_deleting_the_stack_leaves_nothing_but_what_is_kept_on_purpose(deployment):
    retained = {
        deployment.outputs["LedgerTableName"]
        for resource in of_type(deployment.resources, "AWS::DynamoDB::Table").values()
        if resource["DeletionPolicy"] == "Retain"
    }
    deployment.client("sqs").delete_queue(QueueUrl=deployment.queue)
    deployment.formation.delete_stack(StackName=STACK)
    try:
        deployment.settled("DELETE_COMPLETE")
    except ClientError as gone:
        assert "does not exist" in str(gone)
    assert {name for _, name in deployment.inventory() - deployment.before} <= retained
