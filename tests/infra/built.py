"""What `sam build` made: the template refers to it, it is for the architecture, Amazon Linux 2023 can start it, and it answers an event.
Called by tests/infra/build with the directory and the architecture; by .ci/release/function with --program and the program in the directory's place."""

import os
import pathlib
import platform
import re
import struct
import sys
import tempfile

import stand_in
import yaml

MACHINES = {"x86_64": 62, "arm64": 183}
# The C library of Amazon Linux 2023 is 2.34.
NEWEST_C_LIBRARY = 34


class Loader(yaml.SafeLoader):
    """Takes !Ref and the like for their values."""


Loader.add_multi_constructor("!", lambda loader, _suffix, node: getattr(loader, f"construct_{node.id}")(node))


def check(directory, architecture):
    template = yaml.load((directory / "template.yaml").read_text(), Loader)
    programs = [directory / template["Resources"][name]["Properties"]["Code"] / "bootstrap" for name in ("Function", "Widget")]
    program = programs[0]
    assert programs[1].read_bytes() == program.read_bytes(), "the widget is another program"
    assert os.access(program, os.X_OK), f"{program} cannot be run"
    assert [path.name for path in program.parent.iterdir()] == ["bootstrap"], "the archive would hold more than the program"
    check_program(program, architecture)


def check_program(program, architecture):
    binary = program.read_bytes()
    assert binary[:4] == b"\x7fELF"
    (machine,) = struct.unpack_from("<H", binary, 18)
    assert machine == MACHINES[architecture], f"built for machine {machine}, not for {architecture}"
    needed = max(int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", binary))
    assert needed <= NEWEST_C_LIBRARY, f"needs version 2.{needed} of the C library"
    starts = architecture == {"aarch64": "arm64"}.get(platform.machine(), platform.machine()) and sys.platform == "linux"
    if starts:
        answers(program)
    print(f"{architecture}: {len(binary) / 1e6:.1f} MB, C library 2.{needed}{', answers' if starts else ', not started here'}")


def answers(program):
    """Without any variable it must end as ConfigInvalid: the runtime, the error and the line of metrics are there."""
    with tempfile.TemporaryDirectory() as place:
        assert stand_in.unset_run(program, pathlib.Path(place) / "log")["RunFailed"] == 1


if __name__ == "__main__":
    examine, arguments = (check_program, sys.argv[2:]) if sys.argv[1] == "--program" else (check, sys.argv[1:])
    examine(pathlib.Path(arguments[0]), arguments[1])
