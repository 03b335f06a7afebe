#!/usr/bin/env python3
"""Runs the examples of the manual: examples.py WINDROW FILE_OR_FOLDER...

Blocks marked `file=NAME` are files; blocks marked `sh run` are run beside them, line by line checked (set -e), with
windrow on the path, in a fresh folder for each page.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.M | re.S)


def run_page(windrow, page):
    """Returns the number of blocks that were run; ends the program if one fails."""
    run = 0
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, PATH=f"{windrow.parent}:{os.environ['PATH']}")
        for language, mark, text in BLOCK.findall(page.read_text()):
            if mark.startswith("file="):
                pathlib.Path(folder, mark.removeprefix("file=")).write_text(text)
            elif (language, mark) == ("sh", "run"):
                ended = subprocess.run(["bash", "-euxo", "pipefail", "-c", text], cwd=folder, env=environment,
                                       capture_output=True, text=True)
                if ended.returncode != 0:
                    sys.exit(f"{page}: an example ended with {ended.returncode}\n{ended.stdout}{ended.stderr}")
                run += 1
            else:
                sys.exit(f"{page}: a block has the unknown mark `{mark}`")
    return run


def main():
    windrow = pathlib.Path(sys.argv[1]).resolve()
    pages = []
    for given in map(pathlib.Path, sys.argv[2:]):
        pages += sorted(given.glob("*.md")) if given.is_dir() else [given]
    total = 0
    for page in pages:
        number = run_page(windrow, page)
        print(f"{page.name}: {number} run")
        total += number
    if total < 10:
        sys.exit(f"only {total} examples were found")


main()
