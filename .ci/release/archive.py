"""Writes an archive that depends on nothing but the contents: .ci/release/archive.py ARCHIVE NAME=FILE ...
Entries are sorted, their times are one time, and programs alone may be run, whatever the files say. The kind follows the name: .zip or .tar.gz."""

import gzip
import io
import pathlib
import stat
import sys
import tarfile
import zipfile

# The first moment that a zip can name.
TIME, SECONDS = (1980, 1, 1, 0, 0, 0), 315532800


def mode(name):
    is_program = pathlib.PurePosixPath(name).stem in ("bootstrap", "cost-alerts")
    return 0o755 if is_program else 0o644


def zipped(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name, TIME)
            # As made on Unix, wherever it is made, so that the mode holds.
            entry.create_system, entry.external_attr = 3, (stat.S_IFREG | mode(name)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
    return out.getvalue()


def tarred(entries):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, filename="", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            entry.mtime, entry.mode, entry.size = SECONDS, mode(name), len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def main(place, *files):
    pairs = sorted(file.split("=", 1) for file in files)
    entries = [(name, pathlib.Path(path).read_bytes()) for name, path in pairs]
    pathlib.Path(place).write_bytes((zipped if place.endswith(".zip") else tarred)(entries))


if __name__ == "__main__":
    main(*sys.argv[1:])
