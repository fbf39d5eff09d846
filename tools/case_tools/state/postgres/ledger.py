"""The ledger's rows in PostgreSQL: one statement a step, each conditional on what the row is then."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from case_tools.state.ports import Marked
from case_tools.state.postgres.driver import Connection
from case_tools.state.postgres.pool import RELAXED, PostgresPool
from case_tools.state.rows import Intent, LedgerRow, RowEnd, SearchFacts, WriteOutcome

# What a crash of the database takes from a claim was never sent.
_CLAIM: Final = """
INSERT INTO case_mcp_ledger AS held (
    key, digest, desk, issuer, subject, tool, named, on_purpose, owner, state, claimed_at
) SELECT $1, $2, $3, $4, $5, $6, $7::boolean, $8::boolean, $9, 'claimed', {now} FROM {relaxed}
ON CONFLICT (key) DO UPDATE SET
    digest = excluded.digest, owner = excluded.owner, on_purpose = excluded.on_purpose, state = 'claimed',
    claimed_at = excluded.claimed_at, first_sent_at = NULL, last_sent_at = NULL, deadline = NULL, beat_at = NULL,
    ended_at = NULL, facts = NULL, ref = NULL, id = NULL, case_ref = NULL, applied = NULL
WHERE NOT held.named AND excluded.claimed_at - held.ended_at > $10
        AND (held.state = 'done' OR (held.on_purpose AND held.state IN ('not_there', 'unresolved')))
    OR held.state = 'claimed' AND held.owner = $11 AND held.claimed_at = $12
RETURNING *, {now} AS read_at
"""
_GET: Final = "SELECT *, {now} AS read_at FROM case_mcp_ledger WHERE key = $1"
_ADOPT: Final = """
UPDATE case_mcp_ledger SET key = $1, digest = $2 WHERE key = $3 AND digest = $4
    AND NOT EXISTS (SELECT 1 FROM case_mcp_ledger WHERE key = $1)
RETURNING *, {now} AS read_at
"""
_MARK: Final = """
UPDATE case_mcp_ledger SET state = 'sent', first_sent_at = coalesce(first_sent_at, {now}), last_sent_at = {now},
    deadline = {now} + $3, beat_at = {now}, facts = $4
WHERE key = $1 AND owner = $2 AND state IN ('claimed', 'sent') RETURNING 1
"""
_SPEND: Final = """
INSERT INTO case_mcp_used (confirmation, at, key) VALUES ($1, {now}, $2)
ON CONFLICT (confirmation) DO UPDATE SET at = case_mcp_used.at WHERE case_mcp_used.key = excluded.key RETURNING 1
"""
_BEAT: Final = """
UPDATE case_mcp_ledger SET beat_at = {now} WHERE key = ANY($1) AND owner = $2 AND state = 'sent'
"""
_FINISH: Final = """
UPDATE case_mcp_ledger SET state = $2, ended_at = {now}, ref = $3, id = $4, case_ref = $5, applied = $6,
    facts = CASE WHEN $2 = 'unknown' THEN facts END
WHERE key = $1 AND (state IN ('sent', 'unknown') OR (state = 'found' AND $2 = 'done'))
"""
_RELEASE: Final = "DELETE FROM case_mcp_ledger WHERE key = $1 AND owner = $2 AND state IN ('claimed', 'sent')"
_OPEN: Final = """
SELECT *, {now} AS read_at FROM case_mcp_ledger WHERE desk = $1 AND state IN ('sent', 'unknown')
ORDER BY first_sent_at
"""
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_TAKEN: Final = "SELECT id FROM case_mcp_ledger WHERE desk = $1 AND id = ANY($2) AND key <> $3"
_LATER_EQUAL: Final = """
SELECT 1 FROM case_mcp_ledger AS own JOIN case_mcp_ledger AS later USING (desk, tool, facts)
WHERE own.key = $1 AND later.key <> own.key AND later.state IN ('sent', 'unknown')
    AND later.first_sent_at > own.first_sent_at LIMIT 1
"""
_PRUNE: Final = """
WITH forgotten AS (
    DELETE FROM case_mcp_ledger WHERE key IN (
        SELECT key FROM case_mcp_ledger
        WHERE (ended_at < {now} - $1::float8 AND state NOT IN ('claimed', 'sent', 'unknown'))
            OR (state = 'claimed' AND claimed_at < {now} - $1::float8)
        LIMIT 1000
    ) RETURNING 1
), resolved AS (
    UPDATE case_mcp_ledger SET state = 'unresolved', ended_at = {now}, facts = NULL
    WHERE state IN ('sent', 'unknown') AND last_sent_at < {now} - $2::float8 RETURNING 1
)
SELECT (SELECT count(*) FROM forgotten) + (SELECT count(*) FROM resolved)
"""


class PostgresLedger:
    """The ledger in one database.

    Args:
        pool: the connections.
    """

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def claim(
        self, intent: Intent, *, owner: str, window: float, instead: LedgerRow | None = None
    ) -> LedgerRow:
        """Write the intent down and return its row, or the row that stands in its place."""
        own = (intent.key, intent.digest, intent.desk, intent.issuer, intent.subject, intent.tool)
        taken_over = (instead.owner, instead.claimed_at) if instead else (None, None)
        values = (*own, intent.named, intent.on_purpose, owner, window, *taken_over)

        async def work(connection: Connection) -> LedgerRow:
            while True:
                claimed = await connection.fetchrow(self._said(_CLAIM), *values)
                # A row that goes away between the two statements leaves nothing to read.
                row = claimed or await connection.fetchrow(self._said(_GET), intent.key)
                if row is not None:
                    return _row(row)

        return await self._pool.run(work)

    async def adopt(self, intent: Intent) -> LedgerRow | None:
        """Rename an earlier release's row of this write; return it."""
        if intent.formerly is None:
            return None
        row = await self._pool.run(
            lambda connection: connection.fetchrow(
                self._said(_ADOPT), intent.key, intent.digest, *(intent.formerly or ())
            )
        )
        return _row(row) if row else None

    async def mark_sent(
        self, key: str, *, owner: str, facts: SearchFacts, seconds: float, spends: str | None = None
    ) -> Marked:
        """Note, durably, that the first byte is about to leave."""
        marking = (self._said(_MARK), key, owner, seconds, json.dumps(asdict(facts)))
        if spends is None:
            marked = await self._pool.run(lambda connection: connection.fetchval(*marking))
            return "sent" if marked else "lost"

        async def work(connection: Connection) -> Marked:
            async with connection.transaction():
                if not await connection.fetchval(*marking):
                    return "lost"
                if not await connection.fetchval(self._said(_SPEND), spends, key):
                    raise _SpentError
            return "sent"

        try:
            return await self._pool.run(work)
        except _SpentError:
            return "spent"

    async def beat(self, keys: Sequence[str], *, owner: str) -> None:
        """Note that the sender of these rows is alive."""
        await self._pool.run(lambda connection: connection.execute(self._said(_BEAT), [*keys], owner))

    async def finish(self, key: str, *, state: RowEnd, outcome: WriteOutcome | None = None) -> None:
        """Note how a row that was sent ended."""
        await self._pool.run(lambda connection: self._finish(connection, key, state, outcome))

    async def release(self, key: str, *, owner: str) -> None:
        """Drop the owner's row."""
        await self._pool.run(lambda connection: connection.execute(_RELEASE, key, owner))

    async def get(self, key: str) -> LedgerRow | None:
        """Return the row as it is now."""
        row = await self._pool.run(lambda connection: connection.fetchrow(self._said(_GET), key))
        return _row(row) if row else None

    async def open_rows(self, desk: str) -> Sequence[LedgerRow]:
        """Return the rows that were sent and have no end."""
        rows = await self._pool.run(lambda connection: connection.fetch(self._said(_OPEN), desk))
        return [_row(each) for each in rows]

    async def take(
        self,
        key: str,
        *,
        desk: str,
        found: Sequence[WriteOutcome],
        state: RowEnd = "done",
        yields: bool = False,
    ) -> set[str] | None:
        """End a row with the first of what was found that no other row has."""

        async def work(connection: Connection) -> set[str] | None:
            await connection.execute(_ONE_AT_A_TIME, f"case-mcp take {desk}")
            if yields and await connection.fetchval(_LATER_EQUAL, key):
                return None
            taken = {row["id"] for row in await connection.fetch(_TAKEN, desk, [each.id for each in found], key)}
            free = [each for each in found if each.id not in taken]
            if free:
                await self._finish(connection, key, state, free[0])
            return {each.id for each in free}

        return await self._pool.transaction(work)

    async def prune(self, *, keep: float, resolve: float) -> int:
        """Forget what ended long ago; end what nobody can resolve."""
        done = await self._pool.run(lambda connection: connection.fetchval(self._said(_PRUNE), keep, resolve))
        return int(done)

    async def _finish(self, connection: Connection, key: str, state: RowEnd, outcome: WriteOutcome | None) -> None:
        kept = (outcome.ref, outcome.id, outcome.case, outcome.applied) if outcome else (None,) * 4
        await connection.execute(self._said(_FINISH), key, state, *kept)

    def _said(self, statement: str) -> str:
        return statement.format(now=self._pool.clock, relaxed=RELAXED)


class _SpentError(Exception):
    """Another write has spent the confirmation; nothing of the transaction is kept."""


def _row(row: Mapping[str, Any]) -> LedgerRow:
    first, ref = row["first_sent_at"], row["ref"]
    names = ("key", "digest", "desk", "issuer", "subject", "tool", "named", "on_purpose")
    return LedgerRow(
        intent=Intent(**{name: row[name] for name in names}),
        owner=row["owner"],
        state=row["state"],
        claimed_at=row["claimed_at"],
        sent_at=None if first is None else (first, row["last_sent_at"]),
        deadline=row["deadline"],
        beat_at=row["beat_at"],
        ended_at=row["ended_at"],
        facts=None if row["facts"] is None else SearchFacts(**json.loads(row["facts"])),
        outcome=None
        if ref is None
        else WriteOutcome(ref=ref, id=row["id"], case=row["case_ref"], applied=row["applied"]),
        read_at=row["read_at"],
    )
