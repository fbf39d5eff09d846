"""The layout of the database, and how an older one is brought up to date.

Versions N and N-1 of the program write side by side: a migration adds, a later one takes away. Only a step above
`BREAKS_FROM` is refused by programs that do not know it.
"""

from typing import Final

from case_tools.errors import StateUnusable
from case_tools.state.postgres.driver import Connection

_LOCK: Final = 0x636D6370  # "cmcp"
_FIRST: Final = """
CREATE TABLE case_mcp_ledger (
    key text PRIMARY KEY, digest text NOT NULL, desk text NOT NULL, issuer text NOT NULL, subject text NOT NULL,
    tool text NOT NULL, named boolean NOT NULL, on_purpose boolean NOT NULL, owner text NOT NULL,
    state text NOT NULL
        CHECK (state IN ('claimed', 'sent', 'unknown', 'found', 'done', 'not_there', 'unresolved')),
    claimed_at float8 NOT NULL, first_sent_at float8, last_sent_at float8, deadline float8, beat_at float8,
    ended_at float8, facts text, ref text, id text, case_ref text, applied boolean
);
CREATE INDEX case_mcp_ledger_open ON case_mcp_ledger (desk, first_sent_at) WHERE state IN ('sent', 'unknown');
CREATE INDEX case_mcp_ledger_claimed ON case_mcp_ledger (claimed_at) WHERE state = 'claimed';
CREATE INDEX case_mcp_ledger_ended ON case_mcp_ledger (ended_at);
CREATE INDEX case_mcp_ledger_id ON case_mcp_ledger (desk, id);
CREATE TABLE case_mcp_learned (
    desk text NOT NULL, kind text NOT NULL, id text NOT NULL, name text NOT NULL, folded text NOT NULL,
    value text NOT NULL, seen_at float8 NOT NULL, PRIMARY KEY (desk, kind, id)
);
CREATE INDEX case_mcp_learned_name ON case_mcp_learned (desk, kind, folded);
CREATE INDEX case_mcp_learned_seen ON case_mcp_learned (desk, seen_at);
CREATE TABLE case_mcp_rate (lane text PRIMARY KEY, spent float8[] NOT NULL);
CREATE TABLE case_mcp_used (confirmation text PRIMARY KEY, at float8 NOT NULL, key text NOT NULL);
CREATE INDEX case_mcp_used_at ON case_mcp_used (at);
CREATE TABLE case_mcp_lease (name text PRIMARY KEY, owner text NOT NULL, until float8 NOT NULL)
"""
MIGRATIONS: Final = (_FIRST,)
"""What makes each version out of the one before."""

BREAKS_FROM: Final = 1
"""The oldest version of the program that can work on what the newest migration here leaves."""


async def migrate(connection: Connection) -> None:
    """Bring the database up to date; one process at a time, in one transaction.

    Raises:
        StateUnusable: it is of a version that this program cannot work on.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS case_mcp_version (version int NOT NULL, breaks_from int NOT NULL)"
        )
        row = await connection.fetchrow("SELECT version, breaks_from FROM case_mcp_version")
        version, breaks_from = (row["version"], row["breaks_from"]) if row else (0, 0)
        if breaks_from > len(MIGRATIONS):
            raise StateUnusable(
                f"The state's database has version {version}, and this program knows up to {len(MIGRATIONS)}.",
                next_step="Start the newer program, or set CASE_MCP_STATE to another database.",
            )
        if version >= len(MIGRATIONS):
            return
        for step in MIGRATIONS[version:]:
            await connection.execute(step)
        await connection.execute("DELETE FROM case_mcp_version")
        await connection.execute("INSERT INTO case_mcp_version VALUES ($1, $2)", len(MIGRATIONS), BREAKS_FROM)
