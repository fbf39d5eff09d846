"""The desk's cases, tasks and people in one SQLite file that several processes may share.

Narrow columns for what a search filters and sorts by, the whole record as JSON in a table beside them.
Writers take short ``BEGIN IMMEDIATE`` transactions, so that two processes never give one number twice.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from case_tools.embedded.catalogue import PRIORITY_BY_ID, Kind, derived_id, fold
from case_tools.embedded.keyring import SCOPE, Keyring, KoreApp
from case_tools.embedded.records import Customer, DeskRecord, text
from case_tools.embedded.schema import (
    DeskFileError,
    add_later,
    connect,
    has_later,
    is_complete,
    lay_out,
)
from case_tools.embedded.search_lag import SearchLag
from case_tools.embedded.selection import RecordSearch, counting, paging
from case_tools.embedded.times import milliseconds
from case_tools.embedded.words import folded_text, index, is_indexed
from case_tools.state.sqlite.file import use_wal, writing

_SAVE_RECORD = """
INSERT INTO record (
    kind, number, id, ref, ref_folded, title_folded, status, priority, score, assignment, agent, seat,
    created, updated, due
) VALUES (
    :kind, :number, :id, :ref, :ref_folded, :title_folded, :status, :priority, :score, :assignment, :agent,
    :seat, :created, :updated, :due
) ON CONFLICT (id) DO UPDATE SET
    ref = excluded.ref, ref_folded = excluded.ref_folded, title_folded = excluded.title_folded,
    status = excluded.status, priority = excluded.priority, score = excluded.score,
    assignment = excluded.assignment, agent = excluded.agent, seat = excluded.seat,
    created = excluded.created, updated = excluded.updated, due = excluded.due
"""
_NEXT_NUMBER = "SELECT coalesce(max(number), 100) + 1 FROM record WHERE kind = ?"
_NEXT_PERSON = "SELECT coalesce(max(number), 100) + 1 FROM person"
_BY_ID = "SELECT id, name, email, phone FROM person WHERE id = ?"
_BY_EMAIL = "SELECT id, name, email, phone FROM person WHERE email_folded = ? ORDER BY number LIMIT 1"
_BY_PHONE = "SELECT id, name, email, phone FROM person WHERE phone = ? ORDER BY number LIMIT 1"
_FIRST_NOTE = "INSERT OR IGNORE INTO meta (key, value) VALUES ('notes', '0')"
_NEXT_NOTES = "UPDATE meta SET value = value + ? WHERE key = 'notes'"


@dataclass(frozen=True, slots=True)
class DeskAccount:
    """What a client needs in order to talk to the desk."""

    stream_id: str
    account_id: str
    client_id: str
    client_secret: str = field(repr=False)


class DeskStore:
    """Everything the desk knows."""

    def __init__(
        self,
        path: str,
        *,
        seed: Callable[["DeskStore"], None],
        frozen_at: datetime | None = None,
        search_lag: SearchLag | None = None,
    ) -> None:
        """Open the file; when there is none, make it and let ``seed`` fill it.

        With ``search_lag``, a search shows for a while what was there before a write of this process.

        Raises:
            DeskFileError: the file is another program's, damaged, or of a newer version.

        """
        self._db = connect(path)
        self._lag: SearchLag | None = None  # what is seeded is found at once
        self._db.create_function("folded", 1, _folded, deterministic=True)
        self.keys = Keyring(self._db)
        try:
            if not is_complete(self._db):
                self._make(seed, frozen_at)
            elif not has_later(self._db):
                with self.writing():
                    add_later(self._db)
            if not is_indexed(self._db):
                with self.writing():
                    index(self._db)
            use_wal(self._db, synchronous="NORMAL")
            self._load()
            self._lag = search_lag
        except BaseException as error:
            self._db.close()
            if isinstance(error, sqlite3.DatabaseError):
                raise DeskFileError(f"SQLite cannot use the file: {error}") from error
            raise

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        self._db.close()

    def now(self) -> int:
        """Tell the desk's time: the frozen one if its file has one, else the real one."""
        return time.time_ns() // 1_000_000 if self._frozen is None else self._frozen

    def writing(self) -> AbstractContextManager[None]:
        """Hold the write lock for what is inside; all of it is kept, or nothing."""
        return writing(self._db)

    def next_number(self, kind: Kind) -> int:
        """Return the number of the next case or task; call it inside ``writing``."""
        return self._number(_NEXT_NUMBER, kind)

    def next_notes(self, count: int) -> range:
        """Return the numbers of the next notes; call it inside ``writing``."""
        self._db.execute(_FIRST_NOTE)
        self._db.execute(_NEXT_NOTES, (count,))
        last = self._number("SELECT value FROM meta WHERE key = 'notes'")
        return range(last - count + 1, last + 1)

    def save(self, record: DeskRecord) -> None:
        """Write a new record, or one that was read before; call it inside ``writing``."""
        if self._lag is not None:
            self._lag.note(self.read(record.kind, record.id), record)
        self._write(record)

    def _write(self, record: DeskRecord) -> None:
        columns = {
            "kind": record.kind,
            "number": record.number,
            "id": record.id,
            "ref": record.ref,
            "ref_folded": folded_text(record.ref),
            "title_folded": folded_text(record.title),
            "status": record.status,
            "priority": record.priority,
            "score": PRIORITY_BY_ID[record.priority].score,
            "assignment": fold(record.assignment),
            "agent": text(record.assignee.get("agentId")),
            "seat": text(record.assignee.get("aId")),
            "created": record.created,
            "updated": record.updated,
            "due": record.due,
        }
        self._db.execute(_SAVE_RECORD, columns)
        key = self._number("SELECT key FROM record WHERE id = ?", record.id)
        body = json.dumps(record.to_json(), ensure_ascii=False, separators=(",", ":"))
        self._db.execute("INSERT OR REPLACE INTO document (key, body) VALUES (?, ?)", (key, body))
        self._db.execute("DELETE FROM label WHERE key = ?", (key,))
        self._db.executemany(
            "INSERT OR IGNORE INTO label (sort, value, key) VALUES (?, ?, ?)",
            [("channel", fold(name), key) for name in record.channels]
            + [("queue", fold(_name(queue)), key) for queue in record.queues],
        )

    def read(self, kind: Kind, record_id: str) -> DeskRecord | None:
        """Return the case or task with this id."""
        statement = "SELECT key FROM record WHERE id = ? AND kind = ?"
        row = self._db.execute(statement, (record_id, kind)).fetchone()
        return None if row is None else self._record(row[0])

    def read_case(self, number: int) -> DeskRecord | None:
        """Return the case with this number."""
        statement = "SELECT key FROM record WHERE number = ? AND kind = 'case'"
        row = self._db.execute(statement, (number,)).fetchone()
        return None if row is None else self._record(row[0])

    def find(self, search: RecordSearch) -> tuple[list[DeskRecord], int]:
        """Return one page of what matches, and the number of all that match."""
        count, values = counting(search)
        page, page_values = paging(search)
        self._db.execute("BEGIN IMMEDIATE" if self._lag is not None else "BEGIN")
        try:
            for before, after in self._lag.unseen() if self._lag is not None else ():
                self._undo(before, after)
            total = self._number(count, *values)
            keys = self._db.execute(page, page_values).fetchall()
            return [self._record(key) for (key,) in keys], total
        finally:
            self._db.rollback()

    def person(self, *, person_id: str = "", email: str = "", phone: str = "") -> Customer | None:
        """Return the person with this id, else with this e-mail address, else with this number."""
        for statement, value in ((_BY_ID, person_id), (_BY_EMAIL, email.casefold()), (_BY_PHONE, phone)):
            row = self._db.execute(statement, (value,)).fetchone() if value else None
            if row:
                return Customer(*row)
        return None

    def add_person(self, *, name: str, email: str = "", phone: str = "", person_id: str = "") -> Customer:
        """Add a person, with the next id if none is given; call it inside ``writing``."""
        number = self._number(_NEXT_PERSON)
        # A caller may have brought the id that this number stands for.
        while not person_id and self.person(person_id=derived_id("u", number)):
            number += 1
        person = Customer(person_id or derived_id("u", number), name, email, phone)
        self._db.execute(
            "INSERT INTO person (number, id, name, email, phone, email_folded) VALUES (?, ?, ?, ?, ?, ?)",
            (number, person.id, name, email, phone, email.casefold()),
        )
        return person

    def known_or_new(self, given: Customer) -> Customer:
        """Take the person the desk knows by id, e-mail address or number, else add the one given."""
        asked = {"person_id": given.id} if given.id else {"email": given.email, "phone": given.phone}
        known = self.person(**asked)
        if known is None:
            return self.add_person(person_id=given.id, name=given.name, email=given.email, phone=given.phone)
        return replace(known, name=known.name or given.name)

    def _undo(self, before: DeskRecord | None, after: DeskRecord) -> None:
        if before is not None:
            self._write(before)
        else:
            self._db.execute("DELETE FROM record WHERE id = ?", (after.id,))

    def _make(self, seed: Callable[["DeskStore"], None], frozen_at: datetime | None) -> None:
        with self.writing():
            # Another process may have made the file while this one waited for the lock.
            if is_complete(self._db):
                return
            lay_out(self._db)
            meta = {
                "stream_id": derived_id("st", 1),
                "account_id": sha256(b"account:1").hexdigest()[:24],
                "client_id": derived_id("cs", 1),
                "client_secret": secrets.token_urlsafe(48),
            }
            if frozen_at is not None:
                meta["frozen_at"] = str(milliseconds(frozen_at))
            self._db.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", meta.items())
            self._load()
            self.keys.add_app(KoreApp(self.account.client_id, "HS256", self.account.client_secret, (SCOPE,)))
            seed(self)

    def _load(self) -> None:
        meta: dict[str, str] = dict(self._db.execute("SELECT key, value FROM meta"))
        self.account = DeskAccount(meta["stream_id"], meta["account_id"], meta["client_id"], meta["client_secret"])
        self._frozen = int(meta["frozen_at"]) if "frozen_at" in meta else None

    def _number(self, statement: str, *values: str | int) -> int:
        (number,) = self._db.execute(statement, values).fetchone()
        return int(number)

    def _record(self, key: int) -> DeskRecord:
        (body,) = self._db.execute("SELECT body FROM document WHERE key = ?", (key,)).fetchone()
        return DeskRecord.from_json(json.loads(body))


def _name(entry: object) -> str:
    return text(entry.get("name")) if isinstance(entry, dict) else text(entry)


def _folded(value: object) -> str:
    """Fold a text the way the columns are; SQLite itself folds ASCII alone."""
    return folded_text(text(value))
