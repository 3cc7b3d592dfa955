"""Makes a bill of materials the same for everybody who builds the same: .ci/release/bill.py FILE PROGRAM OUT. Out go the time, the serial number, the
builder's own directory, and the project's programs other than this one."""

import json
import pathlib
import re
import sys


def main(path, program, out):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    bill = json.loads(re.sub(r'path\+file://[^"# ]*#', "path+file:.#", text))
    bill.pop("serialNumber", None)
    bill["metadata"].pop("timestamp", None)
    own = bill["metadata"]["component"]
    own["components"] = [each for each in own["components"] if each["type"] == "library" or each["name"] == program]
    pathlib.Path(out).write_text(json.dumps(bill, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
