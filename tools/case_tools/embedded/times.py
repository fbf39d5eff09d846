"""Times as the desk keeps them: whole milliseconds since 1970, UTC, within the years 1 to 9999."""

from datetime import UTC, datetime, timedelta

EARLIEST = -62_135_596_800_000
LATEST = 253_402_300_799_999

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """Turn a moment into milliseconds; one without an offset is taken as UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MILLISECOND


def parse_iso(text: str) -> int:
    """Read an ISO 8601 date or date-time.

    Raises:
        ValueError: the text is no such date, or lies outside the years 1 to 9999.

    """
    moment = milliseconds(datetime.fromisoformat(text))
    if not EARLIEST <= moment <= LATEST:
        msg = "date out of range"
        raise ValueError(msg)
    return moment


def iso(moment: int) -> str:
    """Write milliseconds the way both vendors do: ``2026-09-04T14:15:00.000Z``."""
    return (_EPOCH + moment * _MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")
