"""What pip does not bring: found or installed, or the test is skipped with the line that brings them."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final, NoReturn

import pytest

from served import PATIENCE

OLDEST_NODE: Final = 22
BRING_NODE: Final = (
    "npm install --prefix /tmp/node22 node@22 && export PATH=/tmp/node22/node_modules/node/bin:$PATH"
)


def without(reason: str) -> NoReturn:
    """Skip the test, or fail it where nothing may be skipped."""
    if os.environ.get("TESTS_MUST_NOT_SKIP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def node_program(folder: Path, package: str, version: str, command: str) -> tuple[str, Path]:
    """Install a package of npm into a folder, and return Node and the script of a command of it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _version_of(node) < OLDEST_NODE:
        without(f"{package} needs npm and Node {OLDEST_NODE}: {BRING_NODE}")
    install = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), f"{package}@{version}"]
    done = subprocess.run(install, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        without(f"{package} could not be installed: {' '.join(install)}\n{done.stderr}")
    home = folder / "node_modules" / package
    return node, home / json.loads((home / "package.json").read_text())["bin"][command]


def _version_of(node: str) -> int:
    printed = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=PATIENCE, check=True)
    return int(printed.stdout.removeprefix("v").split(".")[0])
