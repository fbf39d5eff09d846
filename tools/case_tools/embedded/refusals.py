"""How the desk says no: one exception, whose body each dialect writes in its own way."""

from collections.abc import Mapping


class RefusedError(Exception):
    """A request the desk answers with an error body."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: int | str | None = None,
        headers: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the HTTP status, the message, a vendor's code, headers, and what is wrong with which field."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = dict(headers or {})
        self.fields = dict(fields or {})


def invalid(message: str) -> RefusedError:
    """Refuse a value; the vendors' messages are free text here."""
    return RefusedError(400, message)


def missing() -> RefusedError:
    """Refuse a body of Kore's dialect that lacks a required field."""
    return RefusedError(412, "Validation errors/ Invalid arguments")


def unknown() -> RefusedError:
    """Refuse a path or an id that leads nowhere."""
    return RefusedError(404, "Not Found")
