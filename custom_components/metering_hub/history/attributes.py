"""What the sensors of the history show besides their values."""

from collections.abc import Mapping

from homeassistant.util import dt as dt_util

from ..metering.data_quality import DataQuality
from .progress import Progress
from .quality.report import Hole, MeterQuality

MAX_METERS = 100
"""The meters that are shown, those with the smallest share of measured hours."""


def import_attributes(
    progress: Progress, options: Mapping[str, object]
) -> dict[str, object]:
    """Return how far the import is, what was rejected, and what was repaired."""
    newest = progress.rejected.newest
    audit = progress.audit
    return {
        "reached": progress.reached.isoformat() if progress.reached else None,
        "rows": progress.rows,
        "state": progress.state,
        "left_out": [*progress.left_out],
        "unpriced_hours": sum(progress.unpriced.values()),
        "unpriced_hours_by_meter": _largest(progress.unpriced),
        "rejected": progress.rejected.count,
        "newest_rejected": newest
        and {
            "time": newest.time.isoformat(),
            "value": newest.value,
            "reason": newest.rule.value,
            "point": newest.point,
        },
        "audited": audit.hours,
        "repaired": audit.repaired,
        "newest_repaired": audit.newest_repair
        and {
            "start": audit.newest_repair.start.isoformat(),
            "end": audit.newest_repair.end.isoformat(),
        },
    }


def quality_attributes(
    progress: Progress, options: Mapping[str, object]
) -> dict[str, object]:
    """Return the measured share and the delay of each meter, holes, and options.

    Shares are in percent. A delay is the time since the newest hour that is there, in
    whole hours.
    """
    now = dt_util.utcnow()
    meters = sorted(progress.quality.meters.values(), key=_share)[:MAX_METERS]
    disabled = DataQuality.of(options).disabled
    return {
        "measured_by_meter": {meter.name: _share(meter) for meter in meters},
        "late_hours": {
            meter.name: int((now - meter.latest).total_seconds() // 3600)
            for meter in meters
            if meter.latest is not None
        },
        "holes": [_as_attributes(hole) for hole in progress.quality.holes],
        "disabled_rules": sorted(rule.value for rule in disabled),
    }


def missing_attributes(
    progress: Progress, options: Mapping[str, object]
) -> dict[str, object]:
    """Return the newest hole."""
    holes = progress.quality.holes
    return {"newest": _as_attributes(holes[0]) if holes else None}


def _largest(unpriced: Mapping[str, int]) -> dict[str, int]:
    """Return the meters with the most hours without a price."""
    ordered = sorted(unpriced.items(), key=lambda item: (-item[1], item[0]))
    return dict(ordered[:MAX_METERS])


def _share(meter: MeterQuality) -> float:
    """Return the share of a meter's hours that are measured, in percent."""
    return round(100 * meter.measured / meter.hours, 1) if meter.hours else 0.0


def _as_attributes(hole: Hole) -> dict[str, object]:
    """Return a hole as an attribute shows it."""
    return {
        "meter": hole.name,
        "start": hole.start.isoformat(),
        "end": hole.end.isoformat(),
        "hours": round((hole.end - hole.start).total_seconds() / 3600),
    }
