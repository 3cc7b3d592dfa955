"""Every rule of the validator passes on the sample account's export, and fails where the export is changed for the worse.

The validator's command ends with 0 whatever it finds, so its rules are asked one by one. It reads its list of currencies from a relative
path, so it is run from where it is installed.
"""

import csv
import os
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import focus_validator
from focus_validator.config_objects.common import ChecklistObjectStatus
from focus_validator.validator import Validator

RULES = 130


def exported(program, name, *arguments):
    """The path of an export, and its rows."""
    path = Path(FOLDER) / f"{name}.csv"
    command = [program, "export", *arguments, "--source", "demo", "--out", str(path)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return path, read(path)


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def not_passed(path):
    """The rules that do not pass, each with its status."""
    validator = Validator(
        data_filename=str(path), output_destination=None, output_type="console", rules_version="1.0"
    )
    validator.load()
    checklist = validator.spec_rules.validate(validator.focus_data).checklist
    assert len(checklist) >= RULES, f"{len(checklist)} rules"
    return {rule: found.status.value for rule, found in checklist.items() if found.status != ChecklistObjectStatus.PASSED}


def changed(rows, **cells):
    """A file whose first row has other cells."""
    path = Path(FOLDER) / "changed.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows([rows[0] | cells, *rows[1:]])
    return path


def sums(rows, currency, amount):
    """Exact sums by currency."""
    found = {}
    for row in rows:
        found[row[currency]] = found.get(row[currency], Decimal(0)) + Decimal(row[amount])
    return found


def main(program):
    whole, rows = exported(program, "whole", "--format", "focus")
    day, of_day = exported(program, "day", "--format", "focus", "--since", "2026-11-22")
    for name, path in ("all months", whole), ("one day", day):
        faults = not_passed(path)
        assert not faults, f"{name}: {faults}"
    names = [name.lower() for name in rows[0]]
    assert len(names) == len(set(names)), "a column is there twice, wherever case does not count"

    # The validator sees what it is there for.
    for rule, cells in {
        "BilledCost_IsDecimal": {"BilledCost": "1,5"},
        "BilledCost_NotNull": {"BilledCost": ""},
        "BillingCurrency_IsCurrencyCode": {"BillingCurrency": "USX"},
        "ChargePeriodStart_IsDateTime": {"ChargePeriodStart": "2026-11-01T00:00:00-04:00"},
        "ChargeFrequency_Enum": {"ChargeFrequency": "Daily"},
        "ServiceCategory_Enum": {"ServiceCategory": "Telephony"},
        "SkuPriceId_Nullable": {"SkuPriceId": ""},
        "Tags_IsJSONObject": {"Tags": "Sales"},
    }.items():
        faults = not_passed(changed(rows[:50], **cells))
        assert rule in faults, f"{cells} passes: {faults}"

    _, sheet = exported(program, "sheet", "--format", "csv")
    expected = sums(sheet, "currency", "amount")
    for cost in "BilledCost", "EffectiveCost", "ListCost", "ContractedCost":
        assert sums(rows, "BillingCurrency", cost) == expected, cost
    print(f"{len(rows)} rows of the sample account, and {len(of_day)} of one day: each rule of FOCUS 1.0 passes")


if __name__ == "__main__":
    PROGRAM = str(Path(sys.argv[1]).resolve())
    os.chdir(Path(focus_validator.__file__).parent.parent)
    with tempfile.TemporaryDirectory() as FOLDER:
        main(PROGRAM)
