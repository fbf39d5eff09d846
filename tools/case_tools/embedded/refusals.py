"""How the desk says no: one exception, and the bodies the vendor's own tests show."""

from collections.abc import Mapping

from case_tools.embedded.records import Json


class RefusedError(Exception):
    """A request the desk answers with an error body."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the HTTP status, the message, the vendor's code (the status if none is given), headers."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = status if code is None else code
        self.headers = dict(headers or {})

    def body(self) -> Json:
        """Return the error body."""
        return {"errors": [{"msg": self.message, "code": self.code}]}


def invalid(message: str) -> RefusedError:
    """Refuse a value; the vendor's message is free text here."""
    return RefusedError(400, message)


def missing() -> RefusedError:
    """Refuse a body that lacks a required field."""
    return RefusedError(412, "Validation errors/ Invalid arguments")


def unknown() -> RefusedError:
    """Refuse a path or an id that leads nowhere."""
    return RefusedError(404, "Not Found")
