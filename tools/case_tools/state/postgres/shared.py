"""What replicas share beside the ledger: learned names, the rate, confirmations, leases."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from case_tools.adapter.names import LearnedName, fold
from case_tools.state.postgres.driver import Connection
from case_tools.state.postgres.pool import RELAXED, PostgresPool
from case_tools.state.postgres.sealing import SealKeys

_MOST: Final = 20_000
_TRIMMED_EVERY: Final = 2_000
_KEPT_CONFIRMATIONS: Final = 24 * 3600.0
_LEARN: Final = """
INSERT INTO case_mcp_learned (desk, kind, id, name, folded, value, seen_at)
SELECT $1, learned.*, {now}
FROM {relaxed}, unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS learned
ON CONFLICT (desk, kind, id) DO UPDATE SET
    name = excluded.name, folded = excluded.folded, value = excluded.value, seen_at = excluded.seen_at
"""
_TRIM: Final = """
DELETE FROM case_mcp_learned WHERE desk = $1 AND seen_at < (
    SELECT seen_at FROM case_mcp_learned WHERE desk = $1 ORDER BY seen_at DESC LIMIT 1 OFFSET $2
)
"""
_FORGET: Final = "DELETE FROM case_mcp_learned WHERE desk = $1 AND seen_at < {now} - $2::float8"
_RECALL: Final = """
SELECT * FROM (
    SELECT kind, id, name, value, seen_at FROM case_mcp_learned WHERE desk = $1 ORDER BY seen_at DESC LIMIT $2
) AS newest ORDER BY seen_at
"""
_FIND: Final = """
SELECT kind, id, name, value FROM case_mcp_learned WHERE desk = $1 AND kind = $2 AND id = $3
UNION ALL
SELECT kind, id, name, value FROM case_mcp_learned WHERE desk = $1 AND kind = $2 AND folded = $4
    AND NOT EXISTS (SELECT 1 FROM case_mcp_learned WHERE desk = $1 AND kind = $2 AND id = $3)
LIMIT 20
"""
# The times of the window, the newest last; one that was granted is appended, one that has to wait changes nothing.
_CONSUME: Final = """
INSERT INTO case_mcp_rate AS held (lane, spent) SELECT $1, ARRAY[{now}] FROM {relaxed}
ON CONFLICT (lane) DO UPDATE SET spent =
    ARRAY(SELECT at FROM unnest(held.spent) AS at WHERE at > {now} - $3::float8 ORDER BY at) || ARRAY[{now}]
WHERE (SELECT count(*) FROM unnest(held.spent) AS at WHERE at > {now} - $3::float8) < $2
RETURNING 0
"""
_WAIT: Final = """
SELECT greatest(at + $3::float8 - {now}, 0.001) FROM case_mcp_rate, unnest(spent) AS at
WHERE lane = $1 ORDER BY at DESC LIMIT 1 OFFSET $2 - 1
"""
_FORGET_USED: Final = "DELETE FROM case_mcp_used WHERE at < {now} - $1::float8"
_SPEND: Final = """
INSERT INTO case_mcp_used (confirmation, at, key) VALUES ($1, {now}, '') ON CONFLICT DO NOTHING RETURNING 1
"""
_SPENT: Final = "SELECT 1 FROM case_mcp_used WHERE confirmation = $1"
_HOLD: Final = """
INSERT INTO case_mcp_lease AS held (name, owner, until) VALUES ($1, $2, {now} + $3)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE held.owner = excluded.owner OR held.until <= {now} RETURNING 1
"""


class PostgresNames:
    """What a desk has shown to any replica.

    Args:
        pool: the connections.
        desk: which desk of which account.
    """

    def __init__(self, pool: PostgresPool, *, desk: str) -> None:
        self._pool = pool
        self._desk = desk
        self._learned = 0

    async def learn(self, names: Sequence[LearnedName]) -> None:
        """Keep these, in one write; of all, the 20,000 newest."""
        latest = {(each.kind, each.id): each for each in names}.values()
        columns = [
            [each.kind for each in latest],
            [each.id for each in latest],
            [each.name for each in latest],
            [fold(each.name) for each in latest],
            [json.dumps({**each.value}) for each in latest],
        ]
        statement = _LEARN.format(now=self._pool.clock, relaxed=RELAXED)
        await self._pool.run(lambda connection: connection.execute(statement, self._desk, *columns))
        self._learned += len(names)
        if self._learned > _TRIMMED_EVERY:
            self._learned = 0
            await self._pool.run(lambda connection: connection.execute(_TRIM, self._desk, _MOST))

    async def recall(self, *, keep: float) -> list[LearnedName]:
        """Return what was learned in the last seconds, the newest last; drop the rest."""
        forget = _FORGET.format(now=self._pool.clock)
        await self._pool.run(lambda connection: connection.execute(forget, self._desk, keep))
        rows = await self._pool.run(lambda connection: connection.fetch(_RECALL, self._desk, _MOST))
        return [_name(row) for row in rows]

    async def find(self, kind: str, name_or_id: str) -> list[LearnedName]:
        """Return what a name or an id stands for."""
        values = (self._desk, kind, name_or_id, fold(name_or_id))
        rows = await self._pool.run(lambda connection: connection.fetch(_FIND, *values))
        return [_name(row) for row in rows]


class PostgresRate:
    """One window of requests for all replicas of the account.

    Args:
        pool: the connections.
        desk: which desk of which account.
    """

    def __init__(self, pool: PostgresPool, *, desk: str) -> None:
        self._pool = pool
        self._desk = desk

    async def consume(self, rate: int, *, window: float, lane: str = "") -> float:
        """Consume one permit; return the seconds to wait, 0 if granted."""
        counted = f"{self._desk}/{lane}" if lane else self._desk
        now = self._pool.clock

        async def work(connection: Connection) -> float:
            granted = await connection.fetchval(_CONSUME.format(now=now, relaxed=RELAXED), counted, rate, window)
            if granted is not None:
                return 0.0
            seconds = await connection.fetchval(_WAIT.format(now=now), counted, rate, window)
            return 0.001 if seconds is None else float(seconds)

        return await self._pool.run(work)


class PostgresConfirmations:
    """The confirmations that were spent; what seals them never comes from the database.

    Args:
        pool: the connections.
        keys: what seals.
    """

    def __init__(self, pool: PostgresPool, keys: SealKeys) -> None:
        self._pool = pool
        self._keys = keys

    async def secret(self, name: str) -> bytes:
        """Return the secret of this name, one for all replicas with the same key file."""
        return self._keys.secret(name)

    async def spend(self, confirmation: str) -> bool:
        """Spend a confirmation; False where it was spent before."""
        now = self._pool.clock

        async def work(connection: Connection) -> bool:
            await connection.execute(_FORGET_USED.format(now=now), _KEPT_CONFIRMATIONS)
            return await connection.fetchval(_SPEND.format(now=now), confirmation) is not None

        return await self._pool.run(work)

    async def is_spent(self, confirmation: str) -> bool:
        """Tell whether a confirmation was spent."""
        found = await self._pool.run(lambda connection: connection.fetchval(_SPENT, confirmation))
        return found is not None


class PostgresLeases:
    """Work that one replica does for all.

    Args:
        pool: the connections.
        desk: which desk of which account.
    """

    def __init__(self, pool: PostgresPool, *, desk: str) -> None:
        self._pool = pool
        self._desk = desk

    async def hold(self, name: str, *, owner: str, seconds: float) -> bool:
        """Take or extend the lease for so long; False while another owner holds it."""
        values = (_HOLD.format(now=self._pool.clock), f"{self._desk}/{name}", owner, seconds)
        return await self._pool.run(lambda connection: connection.fetchval(*values)) is not None


def _name(row: Mapping[str, Any]) -> LearnedName:
    return LearnedName(kind=row["kind"], id=row["id"], name=row["name"], value=json.loads(row["value"]))
