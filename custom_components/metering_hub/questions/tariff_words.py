"""Say in the user's language what a tariff would have cost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from ..errors import HistoryError, error_text
from ..history.cost_preview import CostPreview, PointCost
from ..history.cost_report import unit_of_costs
from .words import Words

PREVIEW_AMOUNT = "preview_amount"
PREVIEW_AS_IF = "preview_as_if"
PREVIEW_COST = "preview_cost"
PREVIEW_FAILED = "preview_failed"
PREVIEW_FIXED = "preview_fixed"
PREVIEW_MEAN = "preview_mean"
PREVIEW_METER = "preview_meter"
PREVIEW_NOTHING = "preview_nothing"
PREVIEW_OTHERS = "preview_others"
PREVIEW_PAST = "preview_past"
PREVIEW_PRICE = "preview_price"
PREVIEW_SPAN = "preview_span"
PREVIEW_SURCHARGE = "preview_surcharge"
PREVIEW_UNPRICED = "preview_unpriced"


@dataclass(frozen=True, slots=True)
class TariffWords(Words):
    """The texts of the preview of a tariff."""

    def failed(self, error: HistoryError) -> str:
        """Return that nothing could be calculated, and why."""
        return self._text(PREVIEW_FAILED, reason=error_text(self._texts, error))

    def preview(
        self,
        preview: CostPreview | None,
        names: Mapping[str, str],
        currency: str,
        zone: tzinfo,
    ) -> str:
        """Return what a tariff would have cost, as a table and sentences.

        `names` are those of the points by key.
        """
        if preview is None or not preview.costs:
            return self._text(PREVIEW_NOTHING)
        unpriced, others = preview.unpriced_hours, preview.other_hours
        days = {
            "first": _day(preview.start, zone),
            "last": _day(preview.end - timedelta(seconds=1), zone),
        }
        lines = [self._text(PREVIEW_SPAN, **days)]
        lines += [self._text(PREVIEW_AS_IF)] if preview.is_as_if else []
        lines.append(self._table(preview, names, currency))
        if preview.fixed is not None:
            cost = _money(preview.fixed, currency)
            lines.append(self._text(PREVIEW_FIXED, cost=cost))
        lines += [self._text(PREVIEW_UNPRICED, hours=str(unpriced))] if unpriced else []
        lines += [self._text(PREVIEW_OTHERS, hours=str(others))] if others else []
        lines.append(self._text(PREVIEW_PAST, hours=str(preview.past_hours)))
        return "\n\n".join(lines)

    def _table(
        self, preview: CostPreview, names: Mapping[str, str], currency: str
    ) -> str:
        """Return a row of costs for each point."""
        surcharges = len(preview.trial.surcharges)
        parts = [
            self._text(PREVIEW_PRICE),
            *(
                self._text(PREVIEW_SURCHARGE, number=str(number + 1))
                for number in range(surcharges)
            ),
        ]
        headings = [
            self._text(PREVIEW_METER),
            self._text(PREVIEW_AMOUNT),
            # The only part is the same as the cost.
            *(parts if surcharges else ()),
            self._text(PREVIEW_COST),
            self._text(PREVIEW_MEAN),
        ]
        rows = [
            _cells(
                cost,
                names[cost.point.key],
                currency,
                preview.parts_of(cost) if surcharges else (),
            )
            for cost in preview.costs
        ]
        marks = ["---", *("---:" for _ in headings[1:])]
        return "\n".join(f"| {' | '.join(row)} |" for row in (headings, marks, *rows))


def _cells(
    cost: PointCost, name: str, currency: str, parts: Iterable[float]
) -> list[str]:
    """Return the cells of the row of a point."""
    unit, factor = unit_of_costs(cost.point)
    mean = cost.costs.mean_price
    return [
        name.replace("|", "\\|"),
        f"{cost.amount * factor:.2f} {unit}",
        *(_money(part, currency) for part in parts),
        _money(cost.costs.cost, currency) if mean is not None else "-",
        f"{mean / factor:.4f} {currency}/{unit}" if mean is not None else "-",
    ]


def _money(amount: float, currency: str) -> str:
    """Return an amount of money; one of almost zero has no sign."""
    return f"{round(amount, 2) or 0.0:.2f} {currency}"


def _day(moment: datetime, zone: tzinfo) -> str:
    """Return the local day of a moment."""
    return moment.astimezone(zone).date().isoformat()
