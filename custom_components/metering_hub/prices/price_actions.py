"""The actions of Home Assistant's own integrations that answer with prices.

Each has other parameters, another form of answer and another past, which is what a row
of the table says.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import UnitOfEnergy, UnitOfVolume
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..backends.common.http import Json
from ..backends.common.parse import as_object

_MARKET_ZONE = "Europe/Brussels"
"""The days of Europe's electricity exchanges begin at midnight there."""

_EURO = "EUR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One series of prices that an action has.

    `parameter` says which one, `name` is the key of its name, and `detail` is shown
    with the name.
    """

    parameter: str
    name: str
    currency: str = _EURO
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The prices of one day that an action is asked for."""

    entry: ConfigEntry
    offer: Offer
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAction:
    """An action that answers with the prices of a day.

    `below` is what its prices are per. Its days are those of `zone`, or else of Home
    Assistant's; they begin `lead` after midnight at the latest. Days before `oldest`,
    and those that were over more than `kept_days` ago, are refused. If it `is_exact`,
    an answer that has not the very hours of the day is wrong as a whole.
    """

    domain: str
    service: str
    below: str = UnitOfEnergy.KILO_WATT_HOUR
    offers: Callable[[HomeAssistant, ConfigEntry], Iterable[Offer]]
    data: Callable[[Request], Mapping[str, object]]
    parts: Callable[[dict[str, Json], str], Json]
    zone: str | None = None
    lead: timedelta = timedelta()
    oldest: date | None = None
    kept_days: int | None = None
    is_exact: bool = False

    def unit(self, offer: Offer) -> str:
        """Return the unit of the prices of an offer."""
        return f"{offer.currency}/{self.below}"

    def entry(self, hass: HomeAssistant) -> ConfigEntry | None:
        """Return the config entry to ask, if the action is there."""
        service = hass.services.async_services_for_domain(self.domain).get(self.service)
        entries = hass.config_entries.async_loaded_entries(self.domain)
        if service is None or not entries:
            return None
        # A version that knows other parameters may mean something else by its prices.
        offer = Offer(parameter="", name="")
        data = self.data(Request(entry=entries[0], offer=offer, day=date.min))
        return entries[0] if data.keys() <= _known_keys(service.schema) else None


def _known_keys(schema: object) -> set[str]:
    """Return the parameters that the registered schema of an action knows."""
    fields = schema.schema if isinstance(schema, vol.Schema) else None
    return {str(each) for each in fields} if isinstance(fields, dict) else set()


def _nordpool_offers(hass: HomeAssistant, entry: ConfigEntry) -> Iterable[Offer]:
    """Yield the areas that the user has set up, in the currency set up there."""
    for area in entry.data.get("areas", ()):
        yield Offer(
            parameter=area,
            name="nordpool",
            currency=str(entry.data.get("currency")),
            detail=area,
        )


def _nordpool_data(request: Request) -> Mapping[str, object]:
    """Return what to ask Nord Pool for."""
    return {
        "config_entry": request.entry.entry_id,
        "date": request.day.isoformat(),
        "areas": [request.offer.parameter],
        "currency": request.offer.currency,
    }


def _omie_offers(hass: HomeAssistant, entry: ConfigEntry) -> Iterable[Offer]:
    """Yield the two countries of the market."""
    yield Offer(parameter="es", name="omie", detail="ES")
    yield Offer(parameter="pt", name="omie", detail="PT")


def _omie_data(request: Request) -> Mapping[str, object]:
    """Return what to ask OMIE for."""
    country = request.offer.parameter
    return {"date": request.day.isoformat(), "countries": [country]}


def _with_vat_or_without(
    name: str,
) -> Callable[[HomeAssistant, ConfigEntry], Iterable[Offer]]:
    """Return what offers the prices of a supplier with VAT and without it."""

    def offers(hass: HomeAssistant, entry: ConfigEntry) -> Iterable[Offer]:
        """Yield the prices with VAT and those without it."""
        for parameter in ("with_vat", "without_vat"):
            yield Offer(parameter=parameter, name=f"{name}_{parameter}")

    return offers


def _vat_data(request: Request) -> Mapping[str, object]:
    """Return what to ask for a day with or without VAT."""
    is_with_vat = request.offer.parameter == "with_vat"
    return {**_day_data(request), "incl_vat": is_with_vat}


def _day_data(request: Request) -> Mapping[str, object]:
    """Return what to ask for a day."""
    day = request.day.isoformat()
    return {"config_entry": request.entry.entry_id, "start": day, "end": day}


def _tibber_offers(hass: HomeAssistant, entry: ConfigEntry) -> Iterable[Offer]:
    """Yield the homes, whose currencies only their price sensors tell."""
    devices = dr.async_get(hass)
    for sensor in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        device = devices.async_get(sensor.device_id or "")
        currency, _, below = (sensor.unit_of_measurement or "").partition("/")
        is_price = below == UnitOfEnergy.KILO_WATT_HOUR and (
            device is not None and ("tibber", sensor.unique_id) in device.identifiers
        )
        if is_price and device is not None and device.name:
            yield Offer(
                parameter=device.name,
                name="tibber",
                currency=currency,
                detail=device.name,
            )


def _tibber_data(request: Request) -> Mapping[str, object]:
    """Return what to ask Tibber for; its end is exclusive."""
    end = request.day + timedelta(days=1)
    return {"start": request.day.isoformat(), "end": end.isoformat()}


def _prices(answer: dict[str, Json], parameter: str) -> Json:
    """Return the list of prices in an answer that has only one."""
    return answer.get("prices")


PRICE_ACTIONS: Mapping[str, PriceAction] = {
    "nordpool": PriceAction(
        domain="nordpool",
        service="get_prices_for_date",
        below=UnitOfEnergy.MEGA_WATT_HOUR,
        offers=_nordpool_offers,
        data=_nordpool_data,
        parts=lambda answer, area: answer.get(area),
        zone=_MARKET_ZONE,
        # Nord Pool answers for two months without a contract.
        kept_days=61,
    ),
    "energyzero": PriceAction(
        domain="energyzero",
        service="get_energy_prices",
        offers=_with_vat_or_without("energyzero"),
        data=_vat_data,
        parts=_prices,
    ),
    "energyzero_gas": PriceAction(
        domain="energyzero",
        service="get_gas_prices",
        below=UnitOfVolume.CUBIC_METERS,
        offers=_with_vat_or_without("energyzero_gas"),
        data=_vat_data,
        parts=_prices,
        # A day of gas lasts from six to six.
        lead=timedelta(hours=6),
    ),
    "easyenergy": PriceAction(
        domain="easyenergy",
        service="get_energy_usage_prices",
        offers=_with_vat_or_without("easyenergy"),
        data=_vat_data,
        parts=_prices,
        zone="Europe/Amsterdam",
    ),
    "easyenergy_return": PriceAction(
        domain="easyenergy",
        service="get_energy_return_prices",
        offers=lambda hass, entry: [Offer(parameter="", name="easyenergy_return")],
        data=_day_data,
        parts=_prices,
        zone="Europe/Amsterdam",
    ),
    "easyenergy_gas": PriceAction(
        domain="easyenergy",
        service="get_gas_prices",
        below=UnitOfVolume.CUBIC_METERS,
        offers=_with_vat_or_without("easyenergy_gas"),
        data=_vat_data,
        parts=_prices,
        zone="Europe/Amsterdam",
        lead=timedelta(hours=6),
    ),
    "omie": PriceAction(
        domain="omie",
        service="get_prices_for_date",
        offers=_omie_offers,
        data=_omie_data,
        parts=lambda answer, country: answer.get(country),
        zone=_MARKET_ZONE,
        # The action refuses the days before quarter hours were traded.
        oldest=date(2025, 10, 1),
        # Its library adds quarters to the local time, so that on days on which clocks
        # change the prices are those of other hours.
        is_exact=True,
    ),
    "tibber": PriceAction(
        domain="tibber",
        service="get_prices",
        offers=_tibber_offers,
        data=_tibber_data,
        parts=lambda answer, home: as_object(answer.get("prices")).get(home),
        # It answers from what it holds in memory, which is today and tomorrow.
        kept_days=0,
    ),
}
"""The actions by the name that they are stored by."""
