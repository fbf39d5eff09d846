"""Who may talk to the desk: registered clients of both dialects, used token ids, access tokens given out.

Secrets of Talkdesk's clients and access tokens are kept as digests; the shared secrets of Kore's apps must
be kept as they are, since they verify signatures.
"""

import json
import sqlite3
from dataclasses import dataclass, field
from hashlib import sha256

from case_tools.state.sqlite.file import writing

SCOPE = "Case Management Configuration"


@dataclass(frozen=True, slots=True)
class KoreApp:
    """A client of Kore's dialect; ``secret`` is shared, or the public key (PEM) for RS256 and RS512."""

    client_id: str
    algorithm: str
    secret: str = field(repr=False)
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TalkdeskClient:
    """A client of Talkdesk's dialect; ``secret`` is a digest, ``public_key`` a PEM, empty where it has none."""

    client_id: str
    secret: str = field(repr=False)
    public_key: str
    key_id: str
    scopes: tuple[str, ...]


def digest(secret: str) -> str:
    """Return what is kept in the place of a long random secret."""
    return sha256(secret.encode(errors="replace")).hexdigest()


class Keyring:
    """The credentials in the desk's file."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Use the connection of the store."""
        self._db = db

    def app(self, client_id: str) -> KoreApp | None:
        """Return the client of Kore's dialect with this id."""
        row = self._db.execute(
            "SELECT client_id, algorithm, secret, scopes FROM app WHERE client_id = ?", (client_id,)
        ).fetchone()
        return None if row is None else KoreApp(row[0], row[1], row[2], tuple(json.loads(row[3])))

    def add_app(self, app: KoreApp) -> None:
        """Register a client of Kore's dialect, in the place of one with the same id."""
        self._db.execute(
            "INSERT OR REPLACE INTO app (client_id, algorithm, secret, scopes) VALUES (?, ?, ?, ?)",
            (app.client_id, app.algorithm, app.secret, json.dumps(app.scopes)),
        )

    def client(self, client_id: str) -> TalkdeskClient | None:
        """Return the client of Talkdesk's dialect with this id."""
        row = self._db.execute(
            "SELECT client_id, secret, public_key, key_id, scopes FROM client WHERE client_id = ?", (client_id,)
        ).fetchone()
        return None if row is None else TalkdeskClient(row[0], row[1], row[2], row[3], tuple(json.loads(row[4])))

    def add_client(self, client: TalkdeskClient) -> None:
        """Register a client of Talkdesk's dialect, in the place of one with the same id."""
        self._db.execute(
            "INSERT OR REPLACE INTO client (client_id, secret, public_key, key_id, scopes) VALUES (?, ?, ?, ?, ?)",
            (client.client_id, client.secret, client.public_key, client.key_id, json.dumps(client.scopes)),
        )

    def first_use(self, client_id: str, jti: str, *, expires: int, now: float) -> bool:
        """Note the use of a token id and say whether it is the first; expired notes are dropped."""
        with writing(self._db):
            self._db.execute("DELETE FROM token WHERE expires < ?", (now,))
            noted = self._db.execute(
                "INSERT OR IGNORE INTO token (app, jti, expires) VALUES (?, ?, ?)", (client_id, jti, expires)
            )
        return noted.rowcount == 1

    def keep_access(self, token: str, scopes: tuple[str, ...], *, expires: float, now: float) -> None:
        """Keep an access token that was given out; expired ones are dropped."""
        with writing(self._db):
            self._db.execute("DELETE FROM access WHERE expires <= ?", (now,))
            self._db.execute(
                "INSERT INTO access (digest, scopes, expires) VALUES (?, ?, ?)",
                (digest(token), json.dumps(scopes), expires),
            )

    def access(self, token: str, *, now: float) -> frozenset[str] | None:
        """Return the scopes of an access token; None if it was not given out or has expired."""
        row = self._db.execute(
            "SELECT scopes FROM access WHERE digest = ? AND expires > ?", (digest(token), now)
        ).fetchone()
        return None if row is None else frozenset(json.loads(row[0]))
