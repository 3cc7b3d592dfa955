"""The stand-in for AWS, taught what it leaves out: CloudFormation leaves alone what a DeletionPolicy keeps, and cannot delete a table that is
protected; an e-mail address has not confirmed; what a function writes to its standard output is kept, in the file STANDARD_OUTPUT. Started in place of `python -m ministack`."""

import os
import subprocess
import types

from ministack import app
from ministack.services import cloudformation, lambda_svc, sns
from ministack.services.cloudformation import provisioners, stacks

delete_any = stacks._delete_resource
subscribe_any = provisioners._sns_sub_create


def delete(kind, physical_id, properties, stack_name=None, logical_id=None):
    stack = cloudformation._stacks[stack_name]
    policy = stack["_template"]["Resources"].get(logical_id, {}).get("DeletionPolicy", "Delete")
    first_deployment_failed = stack["StackStatus"] == "ROLLBACK_IN_PROGRESS"
    if policy == "Retain" or (policy == "RetainExceptOnCreate" and not first_deployment_failed):
        return
    if kind == "AWS::DynamoDB::Table" and properties.get("DeletionProtectionEnabled"):
        raise ValueError(f"{physical_id} is protected against deletion")
    delete_any(kind, physical_id, properties, stack_name, logical_id)


def subscribe(logical_id, properties, stack_name):
    arn, attributes = subscribe_any(logical_id, properties, stack_name)
    for topic in sns._topics.values():
        for subscription in topic["subscriptions"]:
            if subscription["arn"] == arn and subscription["protocol"] == "email":
                subscription["confirmed"] = False
    return arn, attributes


class Popen(subprocess.Popen):
    def __init__(self, command, **options):
        if os.path.basename(command[0]) == "bootstrap":
            with open(os.environ["STANDARD_OUTPUT"], "ab") as output:
                super().__init__(command, **options | {"stdout": output})
        else:
            super().__init__(command, **options)


if __name__ == "__main__":
    stacks._delete_resource = delete
    provisioners._RESOURCE_HANDLERS["AWS::SNS::Subscription"]["create"] = subscribe
    lambda_svc.subprocess = types.SimpleNamespace(**vars(subprocess) | {"Popen": Popen})
    app.main()
