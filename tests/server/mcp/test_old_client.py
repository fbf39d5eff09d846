"""A client of mcp 1.x, which most bots still have, in an environment of its own."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from brought import without
from served import PRACTICE
from web_served import HANDSHAKE, key_of, web, write_keys

CLIENT: Final = Path(__file__).parents[2] / "clients" / "mcp1.py"
RUN: Final = ("run", "--isolated", "--no-project", "--with", "mcp<2", "python")


def test_client_of_mcp_1_lists_and_calls_with_a_key(tmp_path: Path) -> None:
    """*Documented* (Rasa pins mcp 1.30): the handshake, a session that the server does not keep, and a key."""
    uv = shutil.which("uv")
    if uv is None:
        without("mcp 1.x needs an environment of its own: python3 -m pip install uv")
    probe = subprocess.run(
        [uv, *RUN, "-c", "import mcp"], capture_output=True, text=True, timeout=600, check=False
    )
    if probe.returncode:
        without(f"mcp 1.x could not be installed: uv {' '.join(RUN)} -c 'import mcp'\n{probe.stderr}")
    path = tmp_path / "keys.json"
    write_keys(path, {"reader": ("cases:read",)})
    with web({**PRACTICE, "CASE_MCP_KEYS": str(path)}) as server:
        done = subprocess.run(
            [uv, *RUN, str(CLIENT), server.url, key_of("reader")],
            capture_output=True,
            text=True,
            timeout=600,
            env={**os.environ, "PYTHONWARNINGS": "default"},
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == {
        "client": "1",
        "protocol": HANDSHAKE,
        "tools": ["search_cases"],
        "refs": ["CS000160"],
    }
