"""Buttons of a running server: which of them are there without being looked for."""

import pytest

from custom_components.metering_hub.metering.model import Kind

from .library import captured

ENABLED = 251
DISABLED = 272


def test_buttons_that_are_enabled_only_ask_or_end_something() -> None:
    enabled: dict[str, int] = {}
    disabled = 0
    for source in captured().catalogue.sources.values():
        if source.point.kind is not Kind.ACTION:
            continue
        if source.point.enabled_default:
            enabled[source.identifier] = enabled.get(source.identifier, 0) + 1
        else:
            disabled += 1
    harmless = (
        *("query_", "report_", "request_query_", "stop_", "sync", "refresh_"),
        *("start_counter", "collect_data", "detect", "cancel_delay_task", "beep"),
    )
    assert [each for each in enabled if not each.startswith(harmless)] == []
    assert (sum(enabled.values()), disabled) == (ENABLED, DISABLED)


@pytest.mark.parametrize(
    "identifier",
    [
        *("reboot", "stop_counter", "benchmark", "restore_open_window_detection"),
        *("clear_history", "reset_battery", "calibrate", "trigger_freeze_alarm"),
    ],
)
def test_what_changes_or_stops_a_measurement_is_disabled(identifier: str) -> None:
    found = [
        source.point.enabled_default
        for source in captured().catalogue.sources.values()
        if source.identifier == identifier and source.point.kind is Kind.ACTION
    ]
    assert found
    assert not any(found)
