"""The protocol's own conformance suite against the real server, in both eras."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from brought import node_program
from served import MODERN, PATIENCE
from web_served import HANDSHAKE, Web, web

VERSION: Final = "0.2.0-alpha.12"  # the first line that speaks 2026-07-28
MUST_PASS: Final = {
    HANDSHAKE: {
        "server-initialize",
        "ping",
        "tools-list",
        "prompts-list",
        "resources-list",
        "dns-rebinding-protection",
    },
    MODERN: {
        "tools-list",
        "prompts-list",
        "resources-list",
        "sep-2164-resource-not-found",
        "dns-rebinding-protection",
        "http-header-validation",
        "server-sse-multiple-streams",
    },
}
BASELINES: Final = Path(__file__).parents[2] / "conformance"


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Give Node and the suite's script, installed once."""
    folder = tmp_path_factory.mktemp("conformance")
    return node_program(folder, "@modelcontextprotocol/conformance", VERSION, "conformance")


@pytest.fixture(scope="module")
def server() -> Iterator[Web]:
    """Give a server on the practice desk."""
    with web() as server:
        yield server


@pytest.mark.parametrize("era", [HANDSHAKE, MODERN])
def test_server_meets_what_the_suite_requires(era: str, suite: tuple[str, Path], server: Web) -> None:
    """*Documented* (conformance suite): all but what the baseline beside this names, each with its reason."""
    node, program = suite
    baseline = str(BASELINES / f"{era}.yml")
    done = subprocess.run(
        [
            *(node, str(program), "server", "--url", server.url),
            *("--requirements", era, "--expected-failures", baseline),
        ],
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    passed = {
        name: int(checks)
        for name, checks in re.findall(r"^✓ ([a-z0-9-]+): (\d+) passed, 0 failed", done.stdout, re.MULTILINE)
    }
    assert {name for name in MUST_PASS[era] if not passed.get(name)} == set(), done.stdout[-3000:]
