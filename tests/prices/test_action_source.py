"""Prices of actions, which are registered with the schemas that they really have.

The integrations themselves need libraries that are not installed for tests.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
import voluptuous as vol

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.prices import action_memory, action_source
from custom_components.metering_hub.prices.maths.series import PriceSeries
from custom_components.metering_hub.prices.maths.tariff import Base
from custom_components.metering_hub.prices.sources import (
    async_remove_unused,
    entity_of,
    make_source,
    offered_actions,
    source_error,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
    selector,
)
from homeassistant.helpers.translation import async_load_integrations

from .price_sources import HOUR, NOW, add_tariff, issues, prices_at

BRUSSELS = ZoneInfo("Europe/Brussels")
QUARTER = timedelta(minutes=15)
NL = "action:nordpool:NL:EUR"
LOADED = {"nordpool": {"areas": ["NL", "BE"], "currency": "EUR"}}


def entry_selector(domain: str) -> selector.ConfigEntrySelector:
    """Return the selector of an entry, as in all these schemas."""
    return selector.ConfigEntrySelector({"integration": domain})


def vat_schema(domain: str) -> dict[Any, Any]:
    """Return the schema of EnergyZero 2026.9, and most of easyEnergy's."""
    return {
        vol.Required("config_entry"): entry_selector(domain),
        vol.Required("incl_vat"): bool,
        vol.Optional("start"): str,
        vol.Optional("end"): str,
    }


SCHEMAS: Mapping[tuple[str, str], dict[Any, Any]] = {
    ("nordpool", "get_prices_for_date"): {
        vol.Required("config_entry"): entry_selector("nordpool"),
        vol.Required("date"): cv.date,
        vol.Optional("areas", default=[]): vol.All(cv.ensure_list, [cv.string]),
        vol.Optional("currency"): vol.All(cv.string, vol.In(["EUR", "SEK"])),
    },
    ("energyzero", "get_energy_prices"): {
        **vat_schema("energyzero"),
        vol.Optional("price_type", default="market"): vol.In(("market", "all_in")),
        vol.Optional("interval", default="hour"): vol.In(("hour", "quarter")),
    },
    ("energyzero", "get_gas_prices"): vat_schema("energyzero"),
    ("easyenergy", "get_energy_usage_prices"): vat_schema("easyenergy"),
    ("easyenergy", "get_gas_prices"): vat_schema("easyenergy"),
    ("easyenergy", "get_energy_return_prices"): {
        vol.Required("config_entry"): entry_selector("easyenergy"),
        vol.Optional("start"): str,
        vol.Optional("end"): str,
    },
    ("omie", "get_prices_for_date"): {
        vol.Required("date"): cv.date,
        vol.Required("countries", default=["es", "pt"]): vol.All(
            cv.ensure_list, [vol.In(["es", "pt"])]
        ),
    },
    ("tibber", "get_prices"): {vol.Optional("start"): str, vol.Optional("end"): str},
}


def moments(day: date, zone: ZoneInfo, step: timedelta) -> Iterator[datetime]:
    """Yield the starts of the parts of a local day."""
    moment = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    while moment.astimezone(zone).date() == day:
        yield moment
        moment += step


def price_of(moment: datetime) -> float:
    """Return the price of a MWh at a moment, which may be negative."""
    return float(moment.timestamp() // 900 % 400) - 50


def hour_price(hour: datetime) -> float:
    """Return the price of a kWh in an hour, the mean of its quarters."""
    return round(sum(price_of(hour + n * QUARTER) for n in range(4)) / 4 / 1000, 9)


@dataclass
class Integrations:
    """Integrations whose actions answer as the real ones do, and what they were asked.

    A day in `failures` raises; one in `empty` has no prices.
    """

    hass: HomeAssistant
    entries: dict[str, MockConfigEntry] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    failures: dict[date, Exception] = field(default_factory=dict)
    empty: set[date] = field(default_factory=set)
    answer: Callable[[ServiceCall], Any] | None = None

    def add(self, domain: str, data: Mapping[str, object] | None = None) -> None:
        """Load an integration."""
        entry = MockConfigEntry(domain=domain, data=dict(data or {}))
        entry.add_to_hass(self.hass)
        entry.mock_state(self.hass, ConfigEntryState.LOADED)
        self.entries[domain] = entry
        for (owner, service), schema in SCHEMAS.items():
            if owner == domain:
                self.hass.services.async_register(
                    domain,
                    service,
                    self._serve,
                    schema=vol.Schema(schema),
                    supports_response=SupportsResponse.ONLY,
                )

    @property
    def days(self) -> list[date]:
        """Return the days that were asked for."""
        return [
            each["date"] if "date" in each else date.fromisoformat(each["start"])
            for each in self.asked
        ]

    async def _serve(self, call: ServiceCall) -> Any:
        """Answer a call."""
        self.asked.append(dict(call.data))
        day = self.days[-1]
        if "config_entry" in call.data:
            assert call.data["config_entry"] == self.entries[call.domain].entry_id
        if day in self.failures:
            raise self.failures[day]
        if self.answer is not None:
            return self.answer(call)
        return getattr(self, f"_{call.domain}")(call, day)

    def _nordpool(self, call: ServiceCall, day: date) -> Any:
        """Answer in quarters of an hour with ends, per MWh."""
        parts = [
            {
                "start": at.isoformat(),
                "end": (at + QUARTER).isoformat(),
                "price": price_of(at),
            }
            for at in moments(day, BRUSSELS, QUARTER)
        ]
        return {area: [] if day in self.empty else parts for area in call.data["areas"]}

    def _omie(self, call: ServiceCall, day: date) -> Any:
        """Answer in local quarters of an hour, per kWh."""
        zone = ZoneInfo("CET")
        return {
            country: [
                {
                    "start": at.astimezone(zone).isoformat(),
                    "end": (at + QUARTER).astimezone(zone).isoformat(),
                    "price": price_of(at) / 1000,
                }
                for at in moments(day, zone, QUARTER)
            ]
            for country in call.data["countries"]
        }

    def _energyzero(self, call: ServiceCall, day: date) -> Any:
        """Answer in hours, as EnergyZero does since 2026.10; VAT is 21 per cent."""
        factor = 1.21 if call.data["incl_vat"] else 1
        zone = ZoneInfo(self.hass.config.time_zone)
        lead = 6 * HOUR if call.service == "get_gas_prices" else 0 * HOUR
        return {
            "prices": [
                {
                    "price": hour_price(at) * factor,
                    "timestamp": str(at),
                    "start": str(at),
                    "end": str(at + HOUR),
                }
                for start in moments(day, zone, HOUR)
                for at in [start + lead]
            ]
        }

    def _easyenergy(self, call: ServiceCall, day: date) -> Any:
        """Answer in hours without ends."""
        factor = 1.21 if call.data.get("incl_vat") else 1
        return {
            "prices": [
                {"timestamp": str(at), "price": hour_price(at) * factor}
                for at in moments(day, ZoneInfo("Europe/Amsterdam"), HOUR)
            ]
        }

    def _tibber(self, call: ServiceCall, day: date) -> Any:
        """Answer with the quarters of an hour of each home, without ends."""
        zone = ZoneInfo(self.hass.config.time_zone)
        return {
            "prices": {
                "Cabin": [
                    {
                        "start_time": at.astimezone(zone).isoformat(),
                        "price": price_of(at) / 1000,
                    }
                    for at in moments(day, zone, QUARTER)
                ]
            }
        }


@pytest.fixture(autouse=True)
async def _environment(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Do not wait between calls, at a fixed time."""
    freezer.move_to(NOW)
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    monkeypatch.setattr(action_source, "PAUSE", 0.0)


@pytest.fixture
def loaded() -> Mapping[str, Mapping[str, object]]:
    """Load Nord Pool for two areas."""
    return LOADED


@pytest.fixture
def integrations(
    hass: HomeAssistant, loaded: Mapping[str, Mapping[str, object]]
) -> Iterator[Integrations]:
    """Return integrations that are loaded during the test."""
    found = Integrations(hass)
    for domain, data in loaded.items():
        found.add(domain, data)
    yield found
    for entry in found.entries.values():
        # Home Assistant would import them to unload them when it stops.
        entry.mock_state(hass, ConfigEntryState.NOT_LOADED)


def midnight(day: date, zone: ZoneInfo = BRUSSELS) -> datetime:
    """Return the start of a local day."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


async def load(
    hass: HomeAssistant,
    source: str,
    start: datetime,
    end: datetime = NOW,
    base: Base = Base.ENERGY,
) -> PriceSeries:
    """Load the prices of an action, whose tariff never reads the recorder."""

    async def read_hours(*_arguments: object) -> None:
        raise AssertionError("An action has no statistic.")

    return await make_source(hass, source, base, "EUR", read_hours).load(start, end)


async def restart(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Save what is known, and forget it as a restart does."""
    freezer.tick(timedelta(seconds=31))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    del hass.data[action_memory._MEMORY]


async def test_days_are_asked_for_once(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    integrations: Integrations,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The latest day goes first, and a restart asks for nothing again."""
    add_tariff(hass, NL, "action")
    start = midnight(date(2026, 11, 18))
    series = await load(hass, NL, start)
    assert integrations.days == [date(2026, 11, day) for day in (21, 20, 19, 18)]
    assert integrations.asked[0]["areas"] == ["NL"]
    assert integrations.asked[0]["currency"] == "EUR"
    expected = [hour_price(start + n * HOUR) for n in range(84)]
    assert prices_at(series, start, range(85)) == [*expected, None]
    assert series.is_complete
    again = await load(hass, NL, start)
    await restart(hass, freezer)
    restarted = await load(hass, NL, start)
    assert again == restarted == series
    assert len(integrations.asked) == 4
    assert f"{DOMAIN}.prices" in hass_storage


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]
)
@pytest.mark.parametrize(
    ("domain", "source"),
    [
        ("nordpool", NL),
        ("omie", "action:omie:es:EUR"),
        ("energyzero", "action:energyzero:without_vat:EUR"),
        ("easyenergy", "action:easyenergy_return::EUR"),
    ],
)
async def test_days_of_23_and_25_hours_are_whole(
    hass: HomeAssistant,
    integrations: Integrations,
    freezer: FrozenDateTimeFactory,
    domain: str,
    source: str,
    day: date,
    hours: int,
) -> None:
    """They are not asked for again, and each of their hours has its price."""
    freezer.move_to(midnight(day) + timedelta(days=3))
    if domain not in LOADED:
        integrations.add(domain)
    start, end = midnight(day), midnight(day + timedelta(days=1))
    assert end - start == hours * HOUR
    for _ in range(2):
        series = await load(hass, source, start, end)
        expected = [hour_price(start + n * HOUR) for n in range(hours)]
        assert prices_at(series, start, range(hours + 1)) == [*expected, None]
        freezer.tick(timedelta(days=2))
    assert integrations.days == [day]


@pytest.mark.parametrize(
    ("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100)]
)
async def test_omie_is_not_believed_when_clocks_change(
    hass: HomeAssistant,
    integrations: Integrations,
    freezer: FrozenDateTimeFactory,
    day: date,
    quarters: int,
) -> None:
    """Its library counts quarters in local time, which shifts them by an hour."""
    freezer.move_to(midnight(day) + timedelta(days=3))
    integrations.add("omie")
    cet = ZoneInfo("CET")
    wall = datetime(day.year, day.month, day.day, tzinfo=cet)
    parts = {
        datetime.fromisoformat((wall + n * QUARTER).isoformat()).astimezone(cet): n
        for n in range(quarters)
    }
    integrations.answer = lambda call: {
        "pt": [
            {
                "start": start.isoformat(),
                "end": (start.astimezone(UTC) + QUARTER).astimezone(cet).isoformat(),
                "price": price,
            }
            for start, price in parts.items()
        ]
    }
    start, end = midnight(day), midnight(day) + 48 * HOUR
    series = await load(hass, "action:omie:pt:EUR", start, end)
    assert not series.prices
    assert not series.is_complete


@pytest.mark.parametrize(
    "error",
    [
        ServiceValidationError("no such day"),
        HomeAssistantError("no connection"),
        # EnergyZero lets errors of its library out, which are of no known class.
        OSError("no connection"),
        TimeoutError(),
    ],
)
async def test_a_refused_day_costs_itself_only(
    hass: HomeAssistant,
    integrations: Integrations,
    freezer: FrozenDateTimeFactory,
    error: Exception,
) -> None:
    """It is asked for again a day later, and has its price then."""
    start, day = midnight(date(2026, 11, 18)), date(2026, 11, 19)
    integrations.failures[day] = error
    series = await load(hass, NL, start)
    assert prices_at(series, midnight(day), range(24)) == [None] * 24
    assert len(series.prices) == 84 - 24
    assert not series.is_complete
    del integrations.failures[day]
    assert not (await load(hass, NL, start)).is_complete
    assert len(integrations.asked) == 4
    freezer.tick(timedelta(days=1))
    series = await load(hass, NL, start)
    assert integrations.days[4:] == [day]
    assert (len(series.prices), series.is_complete) == (84, True)


async def test_a_day_is_given_up_at_last(
    hass: HomeAssistant, integrations: Integrations, freezer: FrozenDateTimeFactory
) -> None:
    """Also over restarts, which do not begin to count again."""
    add_tariff(hass, NL, "action")
    start, end = midnight(date(2026, 11, 19)), midnight(date(2026, 11, 20))
    integrations.empty.add(date(2026, 11, 19))
    for number in range(8):
        series = await load(hass, NL, start, end)
        assert not series.prices
        assert series.is_complete is (number >= action_memory.MAX_TRIES - 1)
        freezer.tick(timedelta(days=1))
        await restart(hass, freezer)
    assert len(integrations.asked) == action_memory.MAX_TRIES


async def test_a_part_of_a_day_is_used_and_completed_later(
    hass: HomeAssistant, integrations: Integrations, freezer: FrozenDateTimeFactory
) -> None:
    """Today may be asked for each hour, until it is whole."""
    start = midnight(date(2026, 11, 21))
    integrations.answer = lambda call: {
        "NL": [
            {"start": at.isoformat(), "price": price_of(at)}
            for at in moments(date(2026, 11, 21), BRUSSELS, QUARTER)
            if at < NOW - 2 * HOUR - QUARTER and at.hour != 4
        ]
    }
    series = await load(hass, NL, start)
    assert prices_at(series, start, range(10)) == [
        *(None if n == 5 else hour_price(start + n * HOUR) for n in range(9)),
        None,
    ]
    # Days that are not over are no reason to load the whole past again.
    assert series.is_complete
    integrations.answer = None
    await load(hass, NL, start)
    assert len(integrations.asked) == 1
    freezer.tick(HOUR)
    series = await load(hass, NL, start)
    assert len(integrations.asked) == 2
    assert series.at(start + 9 * HOUR) == pytest.approx(hour_price(start + 9 * HOUR))


async def test_calls_are_bounded_and_spread(
    hass: HomeAssistant, integrations: Integrations, freezer: FrozenDateTimeFactory
) -> None:
    """A year takes a while, however often and by whomever it is loaded."""
    integrations.add("energyzero")
    sources = [f"action:energyzero:{vat}:EUR" for vat in ("with_vat", "without_vat")]
    start = midnight(date(2026, 8, 14))
    for _ in range(3):
        for source in sources:
            assert not (await load(hass, source, start)).is_complete
    assert len(integrations.asked) == action_memory.MAX_CALLS
    assert {each["incl_vat"] for each in integrations.asked} == {True}
    rounds = 1
    while not (await load(hass, sources[0], start)).is_complete:
        freezer.tick(action_memory.CALLS_WITHIN)
        rounds += 1
    days = (NOW.date() - date(2026, 8, 14)).days + 1
    assert len(integrations.asked) == days
    assert rounds == -(-days // action_memory.MAX_CALLS)


async def test_what_refuses_everything_is_left_alone_for_an_hour(
    hass: HomeAssistant, integrations: Integrations, freezer: FrozenDateTimeFactory
) -> None:
    start = midnight(date(2026, 10, 1))
    days = [NOW.date() - timedelta(days=number) for number in range(60)]
    integrations.failures = {day: HomeAssistantError("down") for day in days}
    for _ in range(3):
        assert not (await load(hass, NL, start)).is_complete
    assert integrations.days == days[: action_source.MAX_FAILURES]
    integrations.failures.clear()
    freezer.tick(timedelta(hours=1, seconds=1))
    await load(hass, NL, start)
    assert len(integrations.asked) > 20


async def test_days_that_are_never_answered_are_not_asked_for(
    hass: HomeAssistant, integrations: Integrations
) -> None:
    """Nord Pool has two months, OMIE begins with quarter hours, Tibber has today."""
    await load(hass, NL, midnight(date(2026, 9, 19)), midnight(date(2026, 9, 24)))
    assert integrations.days == [date(2026, 9, day) for day in (23, 22, 21)]
    integrations.asked.clear()
    integrations.add("omie")
    start, end = midnight(date(2025, 9, 28)), midnight(date(2025, 10, 3))
    series = await load(hass, "action:omie:es:EUR", start, end)
    assert integrations.days == [date(2025, 10, 2), date(2025, 10, 1)]
    assert (len(series.prices), series.is_complete) == (48, True)
    integrations.asked.clear()
    integrations.add("tibber")
    series = await load(hass, "action:tibber:Cabin:EUR", midnight(date(2026, 11, 18)))
    assert [each["start"] for each in integrations.asked] == ["2026-11-21"]
    assert integrations.asked[0]["end"] == "2026-11-22"
    assert (len(series.prices), series.is_complete) == (12, True)
    integrations.asked.clear()
    tomorrow = midnight(date(2026, 11, 22))
    assert not (await load(hass, NL, tomorrow, tomorrow + 24 * HOUR)).prices
    assert not integrations.asked


async def test_vat_is_what_the_offer_says(
    hass: HomeAssistant, integrations: Integrations
) -> None:
    integrations.add("energyzero")
    start = midnight(date(2026, 11, 20))
    with_vat = await load(hass, "action:energyzero:with_vat:EUR", start)
    without = await load(hass, "action:energyzero:without_vat:EUR", start)
    assert without.at(start) == pytest.approx(hour_price(start))
    assert with_vat.at(start) == pytest.approx(1.21 * hour_price(start))


async def test_a_day_of_gas_lasts_from_six_to_six(
    hass: HomeAssistant, integrations: Integrations
) -> None:
    """Hours before six are in the answer for the day before."""
    integrations.add("energyzero")
    start, end = midnight(date(2026, 11, 19)), midnight(date(2026, 11, 20))
    source = "action:energyzero_gas:without_vat:EUR"
    series = await load(hass, source, start, end, Base.VOLUME)
    assert integrations.days == [date(2026, 11, 19), date(2026, 11, 18)]
    expected = [hour_price(start + n * HOUR) for n in range(24)]
    assert prices_at(series, start, range(24)) == expected
    assert series.is_complete
    assert not (await load(hass, source, start, end)).prices


@pytest.mark.parametrize(
    "answer",
    [{}, {"NL": None}, {"NL": 3}, {"BE": []}, {"NL": [{"price": 1}]}, {"NL": [[]]}],
)
async def test_a_strange_answer_is_no_price(
    hass: HomeAssistant, integrations: Integrations, answer: dict[str, Any]
) -> None:
    integrations.answer = lambda call: answer
    series = await load(hass, NL, midnight(date(2026, 11, 21)))
    assert not series.prices


async def test_an_action_that_is_not_there_is_an_issue(
    hass: HomeAssistant, integrations: Integrations
) -> None:
    """What is known stays priced, and the issue goes when the action is back."""
    entry = add_tariff(hass, NL, "action")
    start = midnight(date(2026, 11, 20))
    await load(hass, NL, start)
    assert not issues(hass)
    integrations.entries["nordpool"].mock_state(hass, ConfigEntryState.SETUP_RETRY)
    series = await load(hass, NL, start - 24 * HOUR)
    assert series.at(start) == pytest.approx(hour_price(start))
    assert not series.is_complete
    ((key, placeholders),) = issues(hass)
    assert key == "price_action_missing"
    assert placeholders is not None
    assert placeholders["tariffs"] == "House: Dynamic"
    assert placeholders["name"] == "nordpool"
    assert source_error(hass, NL, Base.ENERGY, "EUR") == "price_action_missing"
    integrations.entries["nordpool"].mock_state(hass, ConfigEntryState.LOADED)
    assert (await load(hass, NL, start - 24 * HOUR)).is_complete
    assert not issues(hass)
    hass.services.async_remove("nordpool", "get_prices_for_date")
    await load(hass, NL, start)
    assert [key for key, _ in issues(hass)] == ["price_action_missing"]
    hass.config_entries.async_remove_subentry(entry, *entry.subentries)
    add_tariff(hass, NL, "fixed")
    await async_remove_unused(hass)
    assert not issues(hass)


async def test_an_action_with_other_parameters_is_not_asked(
    hass: HomeAssistant, integrations: Integrations
) -> None:
    """Its prices may mean something else."""
    hass.services.async_register(
        "nordpool",
        "get_prices_for_date",
        integrations._serve,
        schema=vol.Schema({vol.Required("day"): cv.date}),
        supports_response=SupportsResponse.ONLY,
    )
    await load(hass, NL, midnight(date(2026, 11, 20)))
    assert not integrations.asked
    assert not offered_actions(hass)


async def test_the_file_goes_with_the_last_tariff(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    integrations: Integrations,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What another tariff uses stays."""
    add_tariff(hass, NL, "action")
    belgium = add_tariff(hass, "action:nordpool:BE:EUR", "action")
    for source in (NL, "action:nordpool:BE:EUR"):
        await load(hass, source, midnight(date(2026, 11, 21)))
    await restart(hass, freezer)
    file = f"{DOMAIN}.prices"
    assert hass_storage[file]["data"].keys() == {NL, "action:nordpool:BE:EUR"}
    await load(hass, NL, midnight(date(2026, 11, 21)))
    hass.config_entries.async_remove_subentry(belgium, *belgium.subentries)
    await async_remove_unused(hass)
    await restart(hass, freezer)
    assert hass_storage[file]["data"].keys() == {NL}
    assert len(integrations.asked) == 2
    for entry in hass.config_entries.async_entries(DOMAIN):
        for subentry_id in [*entry.subentries]:
            hass.config_entries.async_remove_subentry(entry, subentry_id)
    await async_remove_unused(hass)
    assert file not in hass_storage


async def test_a_damaged_file_is_asked_for_again(
    hass: HomeAssistant, hass_storage: dict[str, Any], integrations: Integrations
) -> None:
    add_tariff(hass, NL, "action")
    hass_storage[f"{DOMAIN}.prices"] = {
        "version": 1,
        "data": {
            NL: {
                "days": {"2026-11-21": "x", "yesterday": [1, 2], "2026-11-20": []},
                "refused": {"2026-11-20": [1], "x": None},
            }
        },
    }
    start = midnight(date(2026, 11, 20))
    series = await load(hass, NL, start)
    assert series.at(start) == pytest.approx(hour_price(start))
    assert len(integrations.asked) == 2


async def test_offers(
    hass: HomeAssistant, enable_custom_integrations: None, integrations: Integrations
) -> None:
    """What is loaded and in Home Assistant's currency is offered, by its name."""
    hass.config.components.add(DOMAIN)
    await async_load_integrations(hass, {DOMAIN})
    for domain in ("energyzero", "easyenergy", "omie"):
        integrations.add(domain)
    integrations.add("tibber")
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=integrations.entries["tibber"].entry_id,
        identifiers={("tibber", "home-1")},
        name="Cabin: 1",
    )
    er.async_get(hass).async_get_or_create(
        "sensor",
        "tibber",
        "home-1",
        config_entry=integrations.entries["tibber"],
        device_id=device.id,
        unit_of_measurement="EUR/kWh",
    )
    er.async_get(hass).async_get_or_create(
        "sensor",
        "tibber",
        "home-1_monthly_cost",
        config_entry=integrations.entries["tibber"],
        device_id=device.id,
        unit_of_measurement="EUR",
    )
    assert offered_actions(hass) == {
        "action:nordpool:NL:EUR": "Nord Pool, without VAT (NL)",
        "action:nordpool:BE:EUR": "Nord Pool, without VAT (BE)",
        "action:energyzero:with_vat:EUR": "EnergyZero, with VAT",
        "action:energyzero:without_vat:EUR": "EnergyZero, without VAT",
        "action:energyzero_gas:with_vat:EUR": "EnergyZero gas, with VAT",
        "action:energyzero_gas:without_vat:EUR": "EnergyZero gas, without VAT",
        "action:easyenergy:with_vat:EUR": "easyEnergy, with VAT",
        "action:easyenergy:without_vat:EUR": "easyEnergy, without VAT",
        "action:easyenergy_return::EUR": "easyEnergy feed-in",
        "action:easyenergy_gas:with_vat:EUR": "easyEnergy gas, with VAT",
        "action:easyenergy_gas:without_vat:EUR": "easyEnergy gas, without VAT",
        "action:omie:es:EUR": "OMIE, without VAT (ES)",
        "action:omie:pt:EUR": "OMIE, without VAT (PT)",
        "action:tibber:Cabin%3A%201:EUR": "Tibber, today only (Cabin: 1)",
    }
    for source in offered_actions(hass):
        assert entity_of(hass, source) is None
        base = Base.VOLUME if "_gas" in source else Base.ENERGY
        other = Base.ENERGY if "_gas" in source else Base.VOLUME
        assert source_error(hass, source, base, "EUR") is None
        assert source_error(hass, source, other, "EUR") == "price_per_other_unit"
        assert source_error(hass, source, base, "SEK") == "price_in_other_currency"
    hass.config.currency = "SEK"
    assert not offered_actions(hass)


@pytest.mark.parametrize(
    "loaded", [{"nordpool": {"areas": ["SE3"], "currency": "SEK"}}]
)
async def test_nord_pool_in_another_currency_is_not_offered(
    hass: HomeAssistant, integrations: Integrations
) -> None:
    assert not offered_actions(hass)
    series = await load(hass, "action:nordpool:SE3:SEK", NOW - 5 * HOUR)
    assert not series.prices
    assert not integrations.asked


@pytest.mark.parametrize("source", ["action:", "action:gone:x:EUR", "action:nordpool"])
async def test_an_action_that_nobody_knows(hass: HomeAssistant, source: str) -> None:
    """A later version may have stored it."""
    add_tariff(hass, source, "action")
    assert not (await load(hass, source, NOW - 5 * HOUR)).prices
    assert [key for key, _ in issues(hass)] == ["price_action_missing"]
    assert source_error(hass, source, Base.ENERGY, "EUR") == "price_action_missing"
