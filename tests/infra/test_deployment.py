"""The templates deployed on a stand-in for AWS, with the real program and the embedded Zoom: while nobody listens nothing is lost, the schedule
fires, the function runs, the message arrives once, updates and deletion leave budgets and table as they were, an owner's topic is published to, and
a new stack takes over what stayed.
Ordered: each test goes on where the last ended."""

import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import time

import boto3
import pytest
import stand_in
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import OWNER, ROOT, TARGET, actions_of, program, source, written
from formation import Stack, listed

STACK = "alerts"
OWNERS_STACK = "alerts-marketing"
# What the stand-in does not have, left out of the stack by name, and why it can be done without here.
LEFT_OUT = {
    "FailuresByKind": "AWS::Logs::MetricFilter is unknown to it; linted, and compared with the program in test_contract.py",
    "SlackAlerts": "AWS::Chatbot is unknown to it; its condition is off, since no channel is given",
    "SlackOperations": "the same",
    "TeamsAlerts": "the same",
    "TeamsOperations": "the same",
}
# What it has, but not as AWS has it: said here so that nobody takes it for proven.
NOT_PROVEN = [
    "IAM, topic and key policies are not enforced, and a topic forgets its key (test_owner.py and test_template.py read the templates instead)",
    "point-in-time recovery and encryption of the table are not applied (test_template.py reads the template instead); TTL is set by the test",
    "Rules, patterns of parameters and AllowedPattern are not heeded (test_refusals.py evaluates them instead)",
    "DeletionPolicy and the table's protection are heeded by aws_that_keeps.py, not by the stand-in itself",
    "a table whose keys change is not replaced but emptied: no test here changes them",
    "<aws.scheduler.*> in the schedule's input is not replaced",
    "alarms and the dashboard are made, but no metrics arrive; alarms act when they are set by hand",
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


# What the console sends for a custom widget.
LOOKING = {"widgetContext": {"dashboardName": "alerts-us-east-1", "widgetId": "widget-1", "theme": "dark", "width": 1155, "height": 720, "params": {}}}

KINDS = {
    "alarm", "dashboard", "function", "key", "log group", "parameter", "queue", "role", "schedule", "schedule group", "secret",
    "subscription", "table", "topic",
}  # fmt: skip


MACHINE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())


def documented():
    """The commands by which a release is checked and deployed, as docs/deploy.md has them, for this machine."""
    section = re.search(r"^## Deploy a release\n(.*?)^## ", source("docs/deploy.md"), re.MULTILINE | re.DOTALL)[1]
    check, deploy = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    for_this = [block.replace("-arm64.zip", f"-{MACHINE}.zip").replace("BUCKET", "artifacts") for block in (check, deploy)]
    return [line for line in for_this[0].splitlines() if not line.startswith("gh ")], for_this[1].splitlines()


class Deployment:
    def __init__(self, directory):
        self.closing, self.queues = [], []
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
        self.output = directory / "function.out"
        self.closing += [self.aws, self.witness]
        config = Config(retries={"max_attempts": 1}, read_timeout=90, proxies={})
        self.client = lambda service: boto3.client(service, endpoint_url=url, config=config)
        self.before = self.inventory()

        check, deploy = documented()
        self.zip = re.search(r" CodeKey=(\S+)", "\n".join(deploy))[1]
        self.downloaded = directory / "downloaded"
        self.downloaded.mkdir()
        archive = [sys.executable, "-B", ROOT / ".ci/release/archive.py", self.downloaded / self.zip, f"bootstrap={bootstrap}"]
        subprocess.run(archive, check=True, timeout=120)
        self.template = written()
        for name in LEFT_OUT:
            del self.template["Resources"][name]
        # Whose references to the two are gone, too.
        del self.template["Resources"]["Ledger"]["Metadata"]
        self.resources = self.template["Resources"]
        self.formation = self.client("cloudformation")
        self.parameters = {
            "AlertEmail": "admin@example.com",
            "ScheduleExpression": "rate(1 minute)",
            "CodeBucket": "artifacts",
            "CodeKey": self.zip,
            "Architecture": MACHINE,
            "ZoomApiUrl": zoom["api_url"],
            "ZoomTokenUrl": zoom["token_url"],
            "ZoomRequestsPerSecond": "1000",
        }
        self.environment = {"AWS_ENDPOINT_URL": url}
        # The real template is written with comments, whose size is no matter: both are over what fits into a call.
        (self.downloaded / "template.yaml").write_text(json.dumps(self.template, indent=1))
        named = {name: hashlib.sha256((self.downloaded / name).read_bytes()).hexdigest() for name in ("template.yaml", self.zip)}
        (self.downloaded / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in named.items()))
        self.shell(check)
        self.wanted()
        self.listing = self.shell(line.replace("AlertEmail=you@example.com", self.overrides(self.parameters)) for line in deploy)
        self.created()

    @staticmethod
    def overrides(parameters):
        return " ".join(shlex.quote(f"{name}={value}") for name, value in parameters.items())

    def shell(self, lines):
        """Runs commands where the release was downloaded, with the real AWS CLI; answers what they print."""
        path = f"{TARGET / 'awscli-venv' / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-e", "-c", "\n".join(lines)],
            cwd=self.downloaded,
            env=os.environ | self.environment | {"PATH": path},
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def create(self):
        self.formation.create_stack(**self.wanted(), Capabilities=["CAPABILITY_IAM"])
        self.created()

    def created(self):
        self.made("CREATE_COMPLETE")
        if "ExistingLedgerTable" not in self.parameters:
            # As CloudFormation does, and the stand-in does not.
            wanted = self.resources["Ledger"]["Properties"]["TimeToLiveSpecification"]
            self.client("dynamodb").update_time_to_live(TableName=self.outputs["LedgerTableName"], TimeToLiveSpecification=wanted)

    def update(self, **parameters):
        self.parameters |= parameters
        self.formation.update_stack(**self.wanted(), Capabilities=["CAPABILITY_IAM"])
        self.made("UPDATE_COMPLETE")

    def wanted(self):
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()]
        assert Stack(self.template, self.parameters, name=STACK).refusals() == [], "AWS would refuse this"
        return {"StackName": STACK, "TemplateBody": json.dumps(self.template), "Parameters": given}

    def made(self, status):
        stack = self.settled(status)
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def create_owner(self, **parameters):
        """Makes an owner's stack as the output AddOwnerCommand says, with more parameters; answers its outputs."""
        words = shlex.split(self.outputs["AddOwnerCommand"].replace("OWNER", "marketing").replace("ADDRESS", "marketing@example.com"))
        place = words.index("--parameter-overrides")
        assert words[words.index("--stack-name") + 1] == OWNERS_STACK
        parameters = dict(word.split("=", 1) for word in words[place + 1 :]) | parameters
        template = written(OWNER)
        assert Stack(template, parameters, name=OWNERS_STACK).refusals() == [], "AWS would refuse this"
        for name in ("SlackAlerts", "TeamsAlerts"):
            del template["Resources"][name]
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        self.formation.create_stack(StackName=OWNERS_STACK, TemplateBody=json.dumps(template), Parameters=given, Capabilities=["CAPABILITY_IAM"])
        return {output["OutputKey"]: output["OutputValue"] for output in self.settled("CREATE_COMPLETE", stack=OWNERS_STACK)["Outputs"]}

    def delete(self, stack=STACK):
        self.formation.delete_stack(StackName=stack)
        try:
            self.settled("DELETE_COMPLETE", stack=stack)
        except ClientError as gone:
            assert "does not exist" in str(gone)

    def listen(self):
        """Subscribes a queue and a web server to the topic for alerts."""
        self.subscriber = stand_in.Subscriber()
        self.closing.append(self.subscriber)
        sns, topic = self.client("sns"), self.outputs["AlertTopicArn"]
        self.queue = self.queue_on(topic)
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=self.subscriber.url)
        request = self.subscriber.requests.get(timeout=20)
        sns.confirm_subscription(TopicArn=request["TopicArn"], Token=request["Token"])

    def queue_on(self, topic):
        """A queue outside of the stack that is subscribed to a topic."""
        sqs, name = self.client("sqs"), f"outside-{len(self.queues)}"
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        self.queues.append(url)
        return url

    def settled(self, wanted, seconds=60, stack=STACK):
        deadline = time.monotonic() + seconds
        while True:
            (found,) = self.formation.describe_stacks(StackName=stack)["Stacks"]
            if found["StackStatus"] == wanted:
                return found
            assert found["StackStatus"].endswith("_IN_PROGRESS"), f"{found['StackStatus']}: {self.reasons(stack)}"
            assert time.monotonic() < deadline, f"{found['StackStatus']} for {seconds} s"
            time.sleep(0.1)

    def reasons(self, stack):
        events = self.formation.describe_stack_events(StackName=stack)["StackEvents"]
        return [event.get("ResourceStatusReason") for event in events if event["ResourceStatus"].endswith("_FAILED")]

    def invoke(self, event):
        answer = self.client("lambda").invoke(FunctionName=self.outputs["FunctionName"], Payload=json.dumps(event))
        return "FunctionError" in answer, json.load(answer["Payload"])

    def looked_at(self):
        """What the console shows in the dashboard's widget: it calls the function that the dashboard names."""
        cloudwatch = self.client("cloudwatch")
        ((name,),) = [[entry["DashboardName"] for entry in cloudwatch.list_dashboards()["DashboardEntries"]]]
        widgets = json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])["widgets"]
        (endpoint,) = [widget["properties"]["endpoint"] for widget in widgets if widget["type"] == "custom"]
        assert endpoint == self.outputs["WidgetFunctionArn"]
        answer = self.client("lambda").invoke(FunctionName=endpoint, Payload=json.dumps(LOOKING))
        # The stand-in hands a text on as it is, AWS as JSON.
        shown = answer["Payload"].read().decode()
        assert "FunctionError" not in answer, shown
        return shown

    def metrics(self):
        """The lines of metrics that runs wrote, the last at the end."""
        return [json.loads(line) for line in self.output.read_text().splitlines() if '"_aws"' in line] if self.output.exists() else []

    def budgets(self):
        """The budgets in force, with everything that a change of them would leave."""
        parameter = self.client("ssm").get_parameter(Name=self.outputs["PolicyName"])["Parameter"]
        return parameter["Name"], parameter["Value"], parameter["Version"]

    def next_message(self, seconds, url=None):
        """The next message at an SQS subscriber: its envelope and the machine form in it."""
        sqs, deadline, url = self.client("sqs"), time.monotonic() + seconds, url or self.queue
        while time.monotonic() < deadline:
            reply = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=5)
            for message in reply.get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                envelope = json.loads(message["Body"])
                return envelope, json.loads(envelope["Message"])
        raise AssertionError(f"no message in {seconds} s; the function called {self.witness.actions}")

    def publishes_to(self):
        """The topics that the function's role may publish to and ask for their subscribers, as IAM has it."""
        iam, role = self.client("iam"), self.outputs["FunctionRoleArn"].rpartition("/")[2]
        document = iam.get_role_policy(RoleName=role, PolicyName="what-the-program-calls")["PolicyDocument"]
        wanted = {"sns:GetTopicAttributes", "sns:Publish"}
        return {topic for statement in document["Statement"] if wanted <= set(listed(statement["Action"])) for topic in listed(statement["Resource"])}

    def ledger(self):
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.outputs["LedgerTableName"])
        return sorted((item for page in pages for item in page["Items"]), key=lambda item: (item["pk"]["S"], item["sk"]["S"]))

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
    conditional = {"ChatRole", *(chat + alarm for chat in ("Slack", "Teams") for alarm in ("DropsAlerts", "LosesAlerts"))}
    assert {resource["LogicalResourceId"] for resource in made} == set(deployment.resources) - conditional
    kinds = {kind for kind, _ in deployment.inventory() - deployment.before}
    assert kinds == KINDS, "the inventory must see what it later finds gone"


def test_the_outputs_are_shown_as_the_documents_say(deployment):
    assert deployment.outputs["FunctionName"] in deployment.listing and "PutSecretCommand" in deployment.listing


def test_a_new_version_is_deployed_by_its_key_alone(deployment):
    """Every other parameter stays as it was given."""
    _, deploy = documented()
    newer = deployment.zip.replace("zoom-sms-cost-alerts-", "zoom-sms-cost-alerts-10.")
    (deployment.downloaded / deployment.zip).rename(deployment.downloaded / newer)
    lines = [line.replace(deployment.zip, newer) for line in deploy if " mb " not in line]
    deployment.shell(line.replace("AlertEmail=you@example.com", "").replace("CodeBucket=artifacts ", "") for line in lines)
    (stack,) = deployment.formation.describe_stacks(StackName=STACK)["Stacks"]
    given = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack["Parameters"]}
    deployment.parameters["CodeKey"] = newer
    assert deployment.parameters.items() <= given.items()
    deployment.made("UPDATE_COMPLETE")


def test_without_credentials_a_run_says_what_to_do(deployment):
    failed, error = deployment.invoke({"trigger": "by hand"})
    assert failed and error["errorType"] == "SecretUnreadable", error
    assert "placeholder" in error["errorMessage"]


def test_before_the_first_run_the_dashboards_widget_says_so_and_the_alerting_function_refuses_its_event(deployment):
    assert "No run has stored a page yet" in deployment.looked_at()
    failed, error = deployment.invoke(LOOKING)
    assert failed and error["errorType"] == "EventInvalid", error
    assert "The function with MODE = widget answers it" in error["errorMessage"]


def test_the_commands_put_the_credentials_and_the_policy(deployment):
    """With what the outputs say; the AWS command line itself is not at hand."""
    (options,) = words_of(deployment.outputs["PutSecretCommand"])
    deployment.client("secretsmanager").put_secret_value(SecretId=options["--secret-id"], SecretString=json.dumps(deployment.credentials))
    (options,) = words_of(deployment.outputs["PutPolicyCommand"])
    # As in the command, without a type: it stays what it is.
    deployment.client("ssm").put_parameter(Name=options["--name"], Overwrite=True, Value=POLICY, Tier=options["--tier"])


def test_while_nobody_listens_runs_fail_and_claim_nothing(deployment):
    """The one subscription is an e-mail address that has not confirmed. What is published now would be lost."""
    failed, error = deployment.invoke({"trigger": "by hand"})
    assert failed and error["errorType"] == "NobodyListens", error
    assert [line["NobodyListens"] for line in deployment.metrics()][-1] == 1, "the alarm's metric"
    assert "sns:Publish" not in deployment.witness.actions
    assert not [item for item in deployment.ledger() if item.get("state", {}).get("S") in ("claimed", "sent")]


def test_once_somebody_listens_the_schedule_fires_and_the_alert_arrives_everywhere(deployment):
    deployment.listen()
    envelope, message = deployment.next_message(2 * MINUTE)
    assert envelope["TopicArn"] == deployment.outputs["AlertTopicArn"]
    assert message["kind"] == "budget"
    assert [alert["budget"] for alert in message["alerts"]] == ["whole account"] * len(message["alerts"])
    assert message["receipt"]["complete"] and not message["possible_repeat"], "the runs before left no claim"
    posted = deployment.subscriber.next(20)
    assert posted["Subject"] == envelope["Subject"]
    assert message["id"] in posted["Message"]


def test_the_second_firing_sends_nothing_again(deployment):
    calls = deployment.witness.actions
    runs = len(deployment.metrics())
    deadline = time.monotonic() + 2 * MINUTE
    while len(deployment.metrics()) == runs:
        assert time.monotonic() < deadline, "the schedule has not fired again"
        time.sleep(1)
    # The run that the schedule started has ended. One by hand finds the same.
    failed, answer = deployment.invoke({"trigger": "by hand"})
    assert not failed, answer
    assert {alert["outcome"] for alert in answer["alerts"]} == {"already_sent"}
    assert calls.count("sns:Publish") == 1
    assert deployment.metrics()[-1]["NobodyListens"] == 0, "the alarm's metric goes back"
    assert deployment.subscriber.posts.empty()
    reply = deployment.client("sqs").receive_message(QueueUrl=deployment.queue, WaitTimeSeconds=1)
    assert not reply.get("Messages")


def test_the_dashboards_widget_shows_what_the_last_run_found(deployment):
    calls = len(deployment.witness.actions)
    shown = deployment.looked_at()
    assert "whole account" in shown and len(shown) < 1_000_000, shown
    assert set(deployment.witness.actions[calls:]) == {"dynamodb:Query"}, "the right of its role"


def test_a_test_alert_arrives(deployment):
    assert "'{\"test_alert\":true}'" in deployment.outputs["TestAlertCommand"]
    failed, answer = deployment.invoke({"test_alert": True})
    assert not failed, answer
    envelope, message = deployment.next_message(20)
    assert (message["kind"], message["schema"]) == ("test", 1)
    assert deployment.subscriber.next(20)["Subject"] == envelope["Subject"]


def words_of(command):
    """The programs of a command with their options, such as `--name` and what follows it."""
    for part in command.split(" && "):
        words = shlex.split(part)
        yield {word: words[place + 1] for place, word in enumerate(words) if word.startswith("--")}


def test_the_way_of_alarms_is_tested_from_end_to_end(deployment):
    url = deployment.queue_on(deployment.outputs["OperationsTopicArn"])
    for options in words_of(deployment.outputs["TestOperationsCommand"]):
        deployment.client("cloudwatch").set_alarm_state(
            AlarmName=options["--alarm-name"], StateValue=options["--state-value"], StateReason=options["--state-reason"]
        )
    states = []
    while states[-1:] != ["ALARM"]:
        envelope, alarm = deployment.next_message(20, url)
        assert envelope["TopicArn"] == deployment.outputs["OperationsTopicArn"]
        states.append(alarm["NewStateValue"])
    assert "No run of the SMS cost alerts" in alarm["AlarmDescription"] and alarm["NewStateReason"].startswith("Test")


def local(deployment, output):
    """Runs one of the outputs' local commands as it says, but with the program that is built already, and the stand-in for AWS."""
    variables, command = deployment.outputs[output].split(" cost-alerts ")
    given = dict(word.split("=", 1) for word in shlex.split(variables))
    return subprocess.run(
        [program("cost-alerts"), *shlex.split(command)],
        env=os.environ | deployment.environment | given,
        capture_output=True,
        text=True,
        timeout=180,
    )


def test_the_doctor_finds_the_deployment_healthy(deployment):
    done = local(deployment, "DoctorCommand")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "operations" in done.stdout.lower()


def days_of(deployment):
    """Days whose figures the daybook knows, those without charges too."""
    (head,) = [item for item in deployment.ledger() if item["sk"]["S"].endswith("#head")]
    return set(json.loads(head["head"]["S"])["days"])


def test_a_backfill_fills_the_daybook_and_raises_no_alarm(deployment):
    days, publishes = days_of(deployment), deployment.witness.actions.count("sns:Publish")
    done = local(deployment, "BackfillCommand")
    assert done.returncode == 0, done.stdout + done.stderr
    assert days < days_of(deployment) and len(days_of(deployment)) > 365
    assert deployment.witness.actions.count("sns:Publish") == publishes
    # It is no run of the function, whose metrics the alarms look at.
    assert all(line["RunFailed"] == 0 and line["RunDuration"] < MINUTE * 1000 for line in deployment.metrics()[-2:])


def test_the_function_may_do_all_that_it_was_seen_to_do(deployment):
    """The other way round, test_contract.py holds what it may do against its program."""
    (policy,) = [
        policy["PolicyDocument"]
        for policy in deployment.resources["FunctionRole"]["Properties"]["Policies"]
        if policy["PolicyName"] == "what-the-program-calls"
    ]
    allowed = actions_of(policy)
    assert {"sns:GetTopicAttributes", "sns:Publish", "ssm:GetParameter"} <= set(deployment.witness.actions) <= allowed


def test_an_update_leaves_budgets_and_table_as_they_were(deployment):
    # The schedule ends with it, so that nothing else changes the table.
    budgets, table = deployment.budgets(), deployment.outputs["LedgerTableName"]
    assert budgets[1] == POLICY
    deployment.update(ScheduleState="DISABLED", AlertEmail="other@example.com", FullReadHours="12", LogLevel="DEBUG")
    assert deployment.budgets() == budgets
    assert deployment.outputs["LedgerTableName"] == table
    description = deployment.client("dynamodb").describe_table(TableName=table)["Table"]
    assert description["DeletionProtectionEnabled"]
    assert [key["AttributeName"] for key in description["KeySchema"]] == ["pk", "sk"]
    failed, answer = deployment.invoke({"trigger": "by hand"})
    assert not failed, answer
    assert {alert["outcome"] for alert in answer["alerts"]} == {"already_sent"}
    items = deployment.ledger()
    deployment.update(LogLevel="INFO")
    assert deployment.ledger() == items


def test_an_owners_topic_is_published_to_once_the_stack_names_it(deployment):
    """The function is told of the topic by its event, so that nothing here hangs on the policy."""
    own, before = deployment.outputs["AlertTopicArn"], deployment.inventory()
    assert deployment.publishes_to() == {own}
    owner = deployment.create_owner()
    topic = owner["TopicArn"]
    made = dict(deployment.inventory() - before)
    assert set(made) == {"alarm", "key", "subscription", "topic"} and made["topic"] == topic
    deployment.update(OwnerTopicArns=topic)
    assert deployment.publishes_to() == {own, topic}
    # What the owner's side allows, as it was made.
    role = deployment.outputs["FunctionRoleArn"]
    of_topic = deployment.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    of_key = deployment.client("kms").get_key_policy(KeyId=made["key"], PolicyName="default")["Policy"]
    for policy, actions in ((of_topic, {"sns:Publish"}), (of_key, {"kms:Decrypt", "kms:GenerateDataKey"})):
        statements = [each for each in json.loads(policy)["Statement"] if role in str(each["Principal"])]
        assert actions_of({"Statement": statements}) == actions
    test = {"test_alert": True, "alert_topic_arn": topic}
    failed, error = deployment.invoke(test)
    assert failed and error["errorType"] == "NobodyListens", "the owner's address has not confirmed"
    queue = deployment.queue_on(topic)
    failed, answer = deployment.invoke(test)
    assert not failed, answer
    envelope, message = deployment.next_message(20, queue)
    assert (envelope["TopicArn"], message["kind"]) == (topic, "test")


def test_an_owner_is_removed_without_a_trace(deployment):
    deployment.update(OwnerTopicArns="")
    assert deployment.publishes_to() == {deployment.outputs["AlertTopicArn"]}
    deployment.client("sqs").delete_queue(QueueUrl=deployment.queues.pop())
    before = deployment.inventory()
    deployment.delete(OWNERS_STACK)
    gone = before - deployment.inventory()
    assert {kind for kind, _ in gone} == {"alarm", "key", "subscription", "topic"}
    assert not [name for _, name in deployment.inventory() if OWNERS_STACK in name]


def test_deleting_the_stack_leaves_nothing_but_budgets_and_table(deployment):
    budgets, items = deployment.budgets(), deployment.ledger()
    assert items
    for url in deployment.queues:
        deployment.client("sqs").delete_queue(QueueUrl=url)
    deployment.delete()
    kept = {("parameter", deployment.outputs["PolicyName"]), ("table", deployment.outputs["LedgerTableName"])}
    assert deployment.inventory() - deployment.before == kept
    assert (deployment.budgets(), deployment.ledger()) == (budgets, items)


def test_a_new_stack_takes_over_what_stayed_and_sends_nothing_again(deployment):
    budgets, items = deployment.budgets(), deployment.ledger()
    outputs = deployment.outputs
    deployment.parameters |= {"ExistingPolicy": outputs["PolicyName"], "ExistingLedgerTable": outputs["LedgerTableName"]}
    deployment.create()
    assert (deployment.budgets(), deployment.ledger()) == (budgets, items)
    assert "whole account" in deployment.looked_at(), "the last page stayed, too"
    (options,) = words_of(deployment.outputs["PutSecretCommand"])
    secret = json.dumps(deployment.credentials)
    deployment.client("secretsmanager").put_secret_value(SecretId=options["--secret-id"], SecretString=secret)
    deployment.listen()
    failed, answer = deployment.invoke({"trigger": "by hand"})
    assert not failed, answer
    assert {alert["outcome"] for alert in answer["alerts"]} == {"already_sent"}
    deployment.delete()
    assert (deployment.budgets(), len(deployment.ledger()) >= len(items)) == (budgets, True)
