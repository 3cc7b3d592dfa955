"""What .ci/release/function made: a zip of the program alone that says which crates are in it and from which commit it is, and a bill of materials that
names these crates. Called by tests/infra/release with the directory and the architecture."""

import json
import pathlib
import platform
import struct
import sys
import tempfile
import zipfile
import zlib

import stand_in


def section(binary, wanted):
    """The contents of an ELF section of a 64-bit program."""
    (table,) = struct.unpack_from("<Q", binary, 40)
    size, count, names = struct.unpack_from("<HHH", binary, 58)
    headers = [struct.unpack_from("<IIQQQQ", binary, table + number * size) for number in range(count)]
    start = headers[names][4]
    for name, _kind, _flags, _address, offset, length in headers:
        if binary[start + name : binary.index(b"\0", start + name)] == wanted:
            return binary[offset : offset + length]
    raise AssertionError(f"the program has no section {wanted}")


def check(directory, architecture):
    (zipped,) = directory.glob(f"zoom-sms-cost-alerts-*-{architecture}.zip")
    (entry,) = zipfile.ZipFile(zipped).infolist()
    assert (entry.filename, entry.external_attr >> 16 & 0o777, entry.date_time) == ("bootstrap", 0o755, (1980, 1, 1, 0, 0, 0)), entry
    binary = zipfile.ZipFile(zipped).read(entry)

    packages = json.loads(zlib.decompress(section(binary, b".dep-v0")))["packages"]
    linked = {(package["name"], package["version"]) for package in packages if package.get("kind", "runtime") == "runtime"}
    names = {name for name, _ in linked}
    assert {"zoom-sms-cost-alerts", "aws-sdk-ssm", "lambda_runtime", "rustls"} <= names
    assert not names & {"clap", "axum", "miette", "insta"}, "what the function does not have"

    bill = json.loads(zipped.with_suffix(".cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX" and "serialNumber" not in bill and "timestamp" not in bill["metadata"], "another one every time"
    assert str(pathlib.Path.cwd()) not in json.dumps(bill), "the builder's own directory"
    assert [each["name"] for each in bill["metadata"]["component"]["components"]] == ["zoom_sms_cost_alerts", "zoom-sms-cost-alerts"]
    named = {(component["name"], component["version"]) for component in [bill["metadata"]["component"], *bill["components"]]}
    assert linked <= named, f"not in the bill of materials: {sorted(linked - named)}"
    assert not {name for name, _ in named} & {"clap", "axum", "miette", "insta"}
    sums = {component["name"] for component in bill["components"] if component.get("hashes")}
    assert names - {"zoom-sms-cost-alerts"} <= sums, "each with the checksum of its sources"

    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    if architecture == machine and sys.platform == "linux":
        with tempfile.TemporaryDirectory() as place:
            program = pathlib.Path(place) / "bootstrap"
            program.write_bytes(binary)
            program.chmod(0o755)
            line = stand_in.unset_run(program, pathlib.Path(place) / "log")
            assert "(0123456 2026-11-24, " in line["version"], line
    print(f"{zipped.name}: {zipped.stat().st_size / 1e6:.2f} MB, {len(linked)} crates, {len(named)} in the bill of materials")


if __name__ == "__main__":
    check(pathlib.Path(sys.argv[1]), sys.argv[2])
