"""Print how what we show of mails compares with Chromium: `uv run python tests/sight/report.py`, some minutes."""

import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent.parent))

from sight import grammar
from sight.browser import chromium
from sight.compare import Table, table
from sight.corpus import corpus

GENERATED: Final = 10_000


def main() -> None:
    """Print the table, and below it what differs."""
    mails = corpus()
    found: dict[str, Table] = {}
    with chromium() as browser:
        for kind in ("honest", "plain", "hostile"):
            found[f"{kind} mails"] = table(browser, [each for each in mails if each.kind == kind])
        found["generated texts"] = table(browser, grammar.mails(range(GENERATED)))
    print("| | texts | words seen | words unseen | leaked | lost | seen, between marks |")
    print("|---|---|---|---|---|---|---|")
    for name, each in found.items():
        counts = f"{each.texts:,} | {each.seen:,} | {each.unseen:,} | {len(each.leaked)} | {len(each.lost)}"
        print(f"| {name} | {counts} | {each.unsure:,} ({each.unsure / each.seen:.1%}) |")
    for name, each in found.items():
        for difference in (*each.leaked, *each.lost):
            print(f"{name}, {difference}")


if __name__ == "__main__":
    main()
