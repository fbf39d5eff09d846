"""What befalls each request: drawn from the kind of the intent that it serves, and counted."""

import math
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Final, get_args

import anyio
from anyio.abc import TaskGroup

from faults.desk import USUAL, Case, Reply, What
from faults.intents import Group, mark_of
from faults.kinds import Kind
from faults.messages import Message
from faults.proxy import WHOLE, Cut, When

_DISTURBED: Final = 0.3
_CALM_BETWEEN: Final = 12
_ARCHIVED_ABOVE: Final = 150
_LONGEST_BEFORE_THE_LEDGER: Final = 0.004
_READS: Final = frozenset({"search", "token"})


class Striking:
    """Chooses for proxy and desk.

    Attributes:
        mended: whether what lasted is over.
        requests: mark -> how many requests served it; searches and tokens, which bear none, under the empty one.
    """

    def __init__(self, groups: Mapping[str, Group], main: Kind, rng: Random, tasks: TaskGroup) -> None:
        self.mended = False
        self.requests: Counter[str] = Counter()
        self._groups, self._main, self._rng, self._tasks = groups, main, rng, tasks
        self._struck: Counter[tuple[str, str]] = Counter()
        self._disturbed: dict[str, When | None] = {}
        self._was_disturbed = False
        self._calm_writes = 0

    def cut(self, what: What, message: Message) -> Cut:
        """Return what befalls a request on its way."""
        self.requests[mark_of(message)] += 1
        kind = self._struck_kind("on its way", what, message)
        return self._rng.choice(kind.cuts) if kind and kind.cuts else WHOLE

    def reply(self, what: What, message: Message) -> Reply:
        """Return how the desk answers a request."""
        if what in _READS:
            broken = self._main.search if what == "search" else self._main.token
            return broken if broken and not self.mended else USUAL
        kind = self._struck_kind("at the desk", what, message)
        return self._rng.choice(kind.replies) if kind and kind.replies else USUAL

    def lag(self, case: Case) -> float:
        """Return the seconds until a search shows a case.

        A desk as busy as a long run makes this one puts cases into an archive once nobody wants anything of them;
        the server looks through no more than some hundred cases of the minutes in question.
        """
        group = self._groups.get(case.title.rpartition(" ")[2])
        if group is None:
            return 0.0
        archived = len(self._groups) > _ARCHIVED_ABOVE and all(voice.end == "done" for voice, _ in group)
        return math.inf if archived else group[0][0].kind.lag

    async def watch(self, what: What, message: Message, when: When) -> None:
        """Kill or close the server that makes the first write of an intent, now and then, wherever that stands."""
        group = self._groups.get(mark := mark_of(message))
        if group is None or what in _READS or group[0][0].kind.disturbance not in {"kill", "close"}:
            return
        if when == "came":
            self._disturbed.setdefault(mark, self._drawn())
        if self._disturbed[mark] != when:
            return
        self._disturbed[mark], self._was_disturbed = None, True
        server = self._rng.choice(group)[1]
        if group[0][0].kind.disturbance == "close":
            self._tasks.start_soon(server.renew)
            return
        if when == "passed":
            await anyio.sleep(self._rng.uniform(0, _LONGEST_BEFORE_THE_LEDGER))
        server.kill()

    def _drawn(self) -> When | None:
        """Return when the server is disturbed in a write: at the first chance, then now and then, not too soon."""
        self._calm_writes += 1
        soon = self._was_disturbed and self._calm_writes < _CALM_BETWEEN
        if soon or (self._was_disturbed and self._rng.random() > _DISTURBED):
            return None
        self._calm_writes = 0
        return self._rng.choice(get_args(When))

    def _struck_kind(self, where: str, what: What, message: Message) -> Kind | None:
        """Return the kind whose turn it is to strike a request, if it is a write, and count it."""
        group = self._groups.get(mark := mark_of(message))
        if group is None or what in _READS:
            return None
        kind = group[0][0].kind
        self._struck[where, mark] += 1
        if (kind.mended and self.mended) or (kind.strikes and self._struck[where, mark] > kind.strikes):
            return None
        return kind
