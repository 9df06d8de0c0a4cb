"""The latest results of all rows, which are stored beside the document."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
import json

from demo.processes import ROOT

from .table import Line, from_json, machine, markdown

DOCUMENT = ROOT / "docs" / "performance.md"
KEPT = ROOT / "docs" / "performance.json"
_BEGIN, _END = "<!-- table: script/bench --write -->", "<!-- end of the table -->"


@dataclass(slots=True)
class Results:
    """The lines of each row by its name, all measured on one machine."""

    machine: Mapping[str, str]
    rows: dict[str, Sequence[Line]] = field(default_factory=dict)

    @classmethod
    def here(cls) -> Results:
        """Return empty results of this machine."""
        return cls(machine())

    @classmethod
    def kept(cls) -> Results | None:
        """Return the stored results of earlier runs, if there are any."""
        if not KEPT.exists():
            return None
        found = json.loads(KEPT.read_text(encoding="utf-8"))
        rows: dict[str, Sequence[Line]] = {
            name: [from_json(line) for line in lines]
            for name, lines in found["rows"].items()
        }
        return cls(found["machine"], rows)

    def take_over(self, newer: Results) -> None:
        """Replace the rows that were measured again, or all if the machine differs."""
        if self.machine != newer.machine:
            self.machine = newer.machine
            self.rows.clear()
        self.rows.update(newer.rows)

    def as_json(self) -> str:
        """Return the JSON that `kept` reads."""
        rows = {
            name: [asdict(line) for line in lines] for name, lines in self.rows.items()
        }
        return json.dumps({"machine": dict(self.machine), "rows": rows}, indent=1)

    def markdown(self, names: Sequence[str]) -> str:
        """Return the table of the named rows in their order."""
        lines = [line for name in names for line in self.rows.get(name, ())]
        return markdown(lines, self.machine)


def write_table(table: str) -> None:
    """Replace the table in the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    DOCUMENT.write_text(f"{head}{_BEGIN}\n\n{table}\n{_END}{tail}", encoding="utf-8")
