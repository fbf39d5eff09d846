"""Print how the work of cleaning grows with hostile text: `uv run python tests/bench/cleaning.py`.

Work is the processor's time, and ratios of it are printed. A field looks at 8,000 characters at most, so that
100,000 cost what 8,000 cost; up to there four times the text should cost some four times the work.
"""

import time
from typing import Final

from case_tools.untrusted import line

UNITS: Final = (
    "<!--", "<!", "<a ", '<a "', "<b x='", "</", "<b>", "<div>", "<p hidden>", "<script>", "&amp;", "&#x", "&",
    "](", "(", "[", "://", "//a.", "a.", "www.", "http:", "\x1b]", "\x9d1;", "\x1b[", "\x1b]0;a\n",
    "\u200d\ufe0f", "\r", "< ", "\u0301", "\U0001f1e9", "\ud800",
)  # fmt: skip
"""Each may begin something whose end is then looked for."""

_SIZES: Final = (2_000, 8_000, 100_000)
_ROUNDS: Final = 5


def work(text: str) -> float:
    """Return the processor's seconds that cleaning the text takes, the least of some."""

    def once() -> float:
        began = time.process_time()
        line(text, 300)
        return time.process_time() - began

    return min(once() for _ in range(_ROUNDS))


def main() -> None:
    """Print the unit whose work grows most, for each step, and the most that one text costs."""
    costs = {unit: [work((unit * size)[:size]) for size in _SIZES] for unit in UNITS}
    for smaller, larger in ((0, 1), (1, 2)):
        unit = max(UNITS, key=lambda each: costs[each][larger] / costs[each][smaller])
        ratio = costs[unit][larger] / costs[unit][smaller]
        print(f"{_SIZES[smaller]:,} to {_SIZES[larger]:,}: {ratio:.1f} times the work at most, of {unit!a}")
    unit = max(UNITS, key=lambda each: costs[each][-1])
    print(f"one text of {_SIZES[-1]:,} characters: at most {costs[unit][-1] * 1000:.0f} ms, of {unit!a}")


if __name__ == "__main__":
    main()
