"""A quiet run as one would write it in Python: the same calls as ours, in the same order."""

import json
import os
import tomllib
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

import boto3
import requests

secrets = boto3.client("secretsmanager")
dynamodb = boto3.client("dynamodb")
zoom = requests.Session()


def handler(event, _context):
    secret = json.loads(secrets.get_secret_value(SecretId=os.environ["ZOOM_SECRET_ID"])["SecretString"])
    with open(os.environ["POLICY"], "rb") as file:
        policy = tomllib.load(file)
    as_of = datetime.fromisoformat(event["as_of"])

    form = {"grant_type": "account_credentials", "account_id": secret["account_id"]}
    basic = (secret["client_id"], secret["client_secret"])
    answer = zoom.post(os.environ["ZOOM_TOKEN_URL"], data=form, auth=basic, timeout=20)
    answer.raise_for_status()
    bearer = {"Authorization": "Bearer " + answer.json()["access_token"]}

    month = as_of.replace(day=1, hour=0, minute=0, second=0)
    question = {
        "from": (month - timedelta(days=1)).date().isoformat(),
        "to": (as_of + timedelta(days=2)).date().isoformat(),
        "page_size": 300,
        "show_charges_only": "true",
    }
    spent = defaultdict(Decimal)
    while True:
        url = os.environ["ZOOM_API_URL"] + "/phone/reports/sms_charges"
        answer = zoom.get(url, params=question, headers=bearer, timeout=20)
        answer.raise_for_status()
        page = json.loads(answer.content, parse_float=Decimal)
        for row in page["sms_charges"]:
            if month <= datetime.fromisoformat(row["sent_time"]) <= as_of:
                spent[row.get("billing_number"), row["currency"]] += Decimal(row["total_charge"])
        if not page.get("next_page_token"):
            break
        question["next_page_token"] = page["next_page_token"]

    due = [
        {"pk": {"S": f"{number}/{currency}/{month:%Y-%m}/{level}"}}
        for (number, currency), amount in spent.items()
        for budget in policy["budget"]
        for level in budget.get("alert_at", [100])
        if currency == budget["currency"] and amount * 100 >= Decimal(budget["amount"]) * level
    ]
    table = os.environ["LEDGER_TABLE"]
    # As our function does, which only judges a moment of the past: the ledger is asked if something is due.
    if due:
        sent = dynamodb.batch_get_item(RequestItems={table: {"Keys": due[:100], "ConsistentRead": True}})
        if len(sent["Responses"][table]) != len(due):
            raise RuntimeError("this run has something to tell")
    return {"totals": [{"billing_number": n, "currency": c, "amount": str(a)} for (n, c), a in spent.items()]}
