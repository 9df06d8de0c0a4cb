"""What a poll of some points needs, found out once for all polls of the same points."""

from collections.abc import Collection, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Self

from ...metering.model import Kind, Point
from .points import SeriesPoint
from .site_readings import SiteOverview

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PollPlan:
    """The series and the other points of a poll.

    `zones` are those of the series that show today's amount. `site_keys` are the keys
    of the points that are not series, and `size` is the number of all points.
    """

    size: int
    items: Sequence[SeriesPoint]
    series_ids: AbstractSet[int]
    zones: Mapping[int, tzinfo]
    site: SiteOverview | None
    site_keys: Sequence[str]

    @classmethod
    def of(
        cls,
        points: Collection[Point],
        series: Mapping[str, SeriesPoint],
        site: SiteOverview | None,
    ) -> Self:
        """Return the plan for points; those that no longer exist are left out."""
        items = [series[point.key] for point in points if point.key in series]
        sources = site.sources if site else {}
        return cls(
            size=len(points),
            items=items,
            series_ids=frozenset(item.series_id for item in items),
            zones={
                item.series_id: site.zones.of(item.campaign_id)
                for item in items
                if site and shows_todays_amount(item.point)
            },
            site=site,
            site_keys=[point.key for point in points if point.key in sources],
        )


def shows_todays_amount(point: Point) -> bool:
    """Return True for intervals of less than a day; others show the last interval."""
    return point.kind is Kind.INTERVAL and (
        point.interval is None or point.interval < DAY
    )
