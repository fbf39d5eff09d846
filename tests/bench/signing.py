"""Print what an update costs by the algorithm that signs it: `uv run python tests/bench/signing.py [ROUNDS]`.

Each account of the vendor that signs every request sends the same update to a desk on a loopback socket, in turn,
so that a busy machine slows all alike. The vendor forbids a token's number to be used twice, so none is kept.
"""

import statistics
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import anyio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from case_tools import CaseDesk, KoreSettings, Settings
from loopback import SECRET, LoopbackDesk

ACCOUNTS: Final = {"HS256": ("HS256", 0), "RS256 2048": ("RS256", 2048), "RS256 4096": ("RS256", 4096)}
SHOWN: Final = {"_id": "ci-1", "refId": "CS000001", "desc": "New words"}
ROUNDS: Final = 100


def account(url: str, folder: Path, *, algorithm: str, bits: int) -> KoreSettings:
    """Return an account that signs by the algorithm, with a new key of so many bits."""
    more: dict[str, object] = {"client_secret": SecretStr(SECRET)}
    if bits:
        key = rsa.generate_private_key(public_exponent=65_537, key_size=bits)
        file = folder / f"{bits}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        more = {"private_key_file": file}
    return KoreSettings.model_validate(
        {
            "host": url,
            "stream_id": "st-1",
            "account_id": "acc-1",
            "client_id": "cs-1",
            "jwt_algorithm": algorithm,
            **more,
        }
    )


async def measure(rounds: int) -> dict[str, float]:
    """Return the median milliseconds of an update for each algorithm."""
    times: dict[str, list[float]] = {name: [] for name in ACCOUNTS}
    with TemporaryDirectory() as folder, LoopbackDesk() as loopback:
        loopback.will_answer(SHOWN)
        async with AsyncExitStack() as stack:
            desks = {
                name: await stack.enter_async_context(
                    CaseDesk(
                        Settings(
                            desk="kore",
                            state=":memory:",
                            rate=0,
                            account=account(loopback.url, Path(folder), algorithm=algorithm, bits=bits),
                        )
                    )
                )
                for name, (algorithm, bits) in ACCOUNTS.items()
            }
            for round_number in range(rounds + 1):  # the first parses the key and connects
                for name, desk in desks.items():
                    began = time.perf_counter()
                    await desk.call("update_case", {"caseId": "ci-1", "desc": "New words"})
                    if round_number:
                        times[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(each) for name, each in times.items()}


def main() -> None:
    """Print the medians and their ratios to HS256."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    medians = anyio.run(measure, rounds)
    for name, milliseconds in medians.items():
        print(
            f"an update signed with {name}: {milliseconds:.2f} ms, {milliseconds / medians['HS256']:.2f} x HS256"
        )


if __name__ == "__main__":
    main()
