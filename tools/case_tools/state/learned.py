"""Learned names between the process's memory and the state: one writer in the background writes what is new.

What cannot be kept is asked for again, so nothing here fails a call.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import anyio

from case_tools.adapter.names import LearnedName, fold
from case_tools.errors import StateError
from case_tools.state.ports import NameStore

_MOST_PENDING: Final = 2_000
_MOST_REMEMBERED: Final = 5_000
_BATCH: Final = 200
_WRITTEN_AGAIN_AFTER: Final = 24 * 3600.0
_MISSING_FOR: Final = 60.0
_PATIENCE: Final = 0.5
_CLOSING_SECONDS: Final = 2.0
_log = logging.getLogger(__name__)


class SharedNames:
    """Writes what a desk has shown, and finds what other processes have learned.

    Args:
        store: where names are kept.
    """

    def __init__(self, store: NameStore) -> None:
        self._store = store
        self._pending: OrderedDict[tuple[str, str], LearnedName] = OrderedDict()
        self._written: dict[tuple[str, str], int] = {}
        self._missing: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._writer: asyncio.Task[None] | None = None
        self._failed = False

    @property
    def pending(self) -> int:
        """How many names wait to be written."""
        return len(self._pending)

    async def recall(self, *, keep: float) -> Sequence[LearnedName]:
        """Return what was learned in the last seconds; nothing where the state does not answer."""
        try:
            with anyio.fail_after(_PATIENCE):
                names = await self._store.recall(keep=keep)
        except (StateError, TimeoutError) as error:
            self._complain(error)
            return ()
        for each in names:
            self._remember(each)
        return names

    def learn(self, names: Sequence[LearnedName]) -> None:
        """Keep those that are new or changed; return at once."""
        for each in names:
            if not each.lasts or not _can_be_stored(each):
                continue
            self._missing.pop((each.kind, fold(each.name)), None)
            own = (each.kind, each.id)
            if self._is_written(each):
                continue
            self._pending.pop(own, None)
            self._pending[own] = each
            if len(self._pending) > _MOST_PENDING:
                self._pending.popitem(last=False)
        if self._pending and self._writer is None:
            self._writer = asyncio.create_task(self._write())

    async def find(self, kind: str, name_or_id: str) -> Sequence[LearnedName]:
        """Return what another process may have learned of a name; nothing where the state does not answer."""
        try:
            with anyio.fail_after(_PATIENCE):
                return await self._store.find(kind, name_or_id)
        except (StateError, TimeoutError) as error:
            self._complain(error)
            return ()

    def miss(self, kind: str, name: str) -> None:
        """Remember for a minute that the desk was asked for a name and did not show it."""
        self._missing[kind, fold(name)] = time.monotonic() + _MISSING_FOR
        self._missing.move_to_end((kind, fold(name)))
        while len(self._missing) > _MOST_PENDING:
            self._missing.popitem(last=False)

    def is_missing(self, kind: str, name: str) -> bool:
        """Tell whether the desk was asked for a name within the last minute, and did not show it."""
        return self._missing.get((kind, fold(name)), 0.0) > time.monotonic()

    async def close(self) -> None:
        """Write what waits, within two seconds."""
        writer = self._writer
        if writer is not None:
            with anyio.CancelScope(shield=True):
                await asyncio.wait([writer], timeout=_CLOSING_SECONDS)
            writer.cancel()

    async def _write(self) -> None:
        try:
            while self._pending:
                batch = [self._pending.popitem(last=False)[1] for _ in range(min(_BATCH, len(self._pending)))]
                try:
                    await self._store.learn(batch)
                except StateError as error:
                    self._complain(error)
                    continue
                for each in batch:
                    self._remember(each)
                self._failed = False
        finally:
            self._writer = None

    def _is_written(self, name: LearnedName) -> bool:
        return self._written.get((name.kind, name.id)) == _content(name)

    def _remember(self, name: LearnedName) -> None:
        self._written.pop((name.kind, name.id), None)
        self._written[name.kind, name.id] = _content(name)
        if len(self._written) > _MOST_REMEMBERED:
            del self._written[next(iter(self._written))]

    def _complain(self, error: Exception) -> None:
        if not self._failed:
            _log.warning("learned names are kept in memory alone for now: %s", type(error).__name__)
        self._failed = True


def _content(name: LearnedName) -> int:
    """Return what tells whether a name must be written: its content, and every day anew that it was seen."""
    return hash((name.name, repr(sorted(name.value.items())), time.monotonic() // _WRITTEN_AGAIN_AFTER))


def _can_be_stored(name: LearnedName) -> bool:
    """Say whether a name is text: a lone surrogate cannot be written, nor sent back to the desk."""
    try:
        f"{name.id}{name.name}".encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in f"{name.id}{name.name}"
