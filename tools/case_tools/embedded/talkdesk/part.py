"""What only Talkdesk's dialect keeps of a case."""

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Self

from case_tools.embedded.records import DeskRecord, Json, own_with


@dataclass(frozen=True, slots=True)
class TalkdeskPart:
    """Talkdesk's own values of a case; ``parent`` and ``group`` are ids."""

    type: str = ""
    resolution: str = ""
    solve_reason: str = ""
    parent: str = ""
    group: str = ""
    custom: Json = field(default_factory=dict)
    notes: list[Json] = field(default_factory=list)

    @classmethod
    def of(cls, record: DeskRecord) -> Self:
        """Read the part of a record."""
        return cls(**{each.name: record.own[each.name] for each in fields(cls) if each.name in record.own})

    def kept_by(self, record: DeskRecord) -> DeskRecord:
        """Return the record with this part."""
        return replace(record, own=own_with(record.own, asdict(self), asdict(TalkdeskPart())))
