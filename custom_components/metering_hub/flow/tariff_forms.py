"""The forms in which the user says what a tariff is."""

from collections.abc import Iterable, Mapping
from typing import override

import voluptuous as vol

from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    DateSelector,
    DateTimeSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.helpers.translation import async_get_cached_translations

from ..const import DOMAIN
from ..prices.maths.tariff import HOURS
from ..prices.stored import (
    AMOUNT,
    CONF_APPLIES_TO,
    CONF_DAILY,
    CONF_FROM_HOUR,
    CONF_HEATING_VALUE,
    CONF_HOLIDAYS,
    CONF_METERS,
    CONF_MONTHLY,
    CONF_MONTHS,
    CONF_PRICE,
    CONF_PRICE_1,
    CONF_PRICE_2,
    CONF_PRICE_TYPE,
    CONF_RULES,
    CONF_SURCHARGES,
    CONF_TO_HOUR,
    CONF_TYPE,
    CONF_UNIT,
    CONF_VALID_FROM,
    CONF_VALID_TO,
    CONF_WEEKDAYS,
    FOR_METERS,
    PERCENT,
    WEEKDAYS,
    PriceType,
)
from ..prices.stored_values import Stored
from .forms import choice_selector, choices_selector, named_selector, number_selector
from .tariff_targets import TariffTargets, is_gas, price_units

CONF_ACTION = "action"
CONF_COPY_FROM = "copy_from"
CONF_SENSOR = "sensor"

MONTH_NAMES = "month"
PRICE_TYPE_NAMES = "tariff_price_type"
ROLE_NAMES = "tariff_role"
RULE_NAMES = "price_rule"
SURCHARGE_NAMES = "surcharge"
SURCHARGE_TYPE_NAMES = "surcharge_type"
WEEKDAY_NAMES = "weekday"

MONTHS = tuple(str(number) for number in range(1, 13))


type Texts = Mapping[str, str]
"""The texts of choices in Home Assistant's language."""


@callback
def choice_texts(hass: HomeAssistant) -> Texts:
    """Return the texts of choices, for the lists of prices and surcharges.

    The frontend does not translate the choices in an item of a list.
    """
    return async_get_cached_translations(hass, hass.config.language, "selector", DOMAIN)


class OptionalTimeSelector(DateTimeSelector):
    """Selector of a day and a time, which may be without a day.

    The frontend sends the time alone where no day was chosen, or where it was removed.
    """

    @override
    def __call__(self, data: object) -> str:
        """Return a chosen time, or an empty text."""
        text = str(data).strip()
        if "-" not in text:
            return ""
        super().__call__(text)
        return text


def basics_schema(
    targets: TariffTargets,
    stored: Stored,
    *,
    start: str,
    copies: Mapping[str, str],
    actions: Mapping[str, str],
) -> vol.Schema:
    """Return the form of what a tariff is for, and when.

    What is `stored` stays a choice, also if it would not be offered any more. `start`
    is the local time from which a tariff usually applies, and `copies` are the names
    of the tariffs that can be copied.
    """
    fields: dict[vol.Marker, object] = {vol.Required(CONF_NAME): TextSelector()}
    if copies:
        fields[vol.Optional(CONF_COPY_FROM)] = choice_selector(copies)
    roles = _offered([*targets.roles, FOR_METERS], stored.get(CONF_APPLIES_TO))
    types = [PriceType.FIXED, PriceType.TIMED]
    types += [PriceType.REGISTERS] if targets.has_registers else []
    types += [PriceType.SENSOR, *([PriceType.ACTION] if actions else [])]
    offered_types = _offered(types, stored.get(CONF_PRICE_TYPE))
    meters = stored.get(CONF_METERS)
    gone = {str(key): str(key) for key in (meters if isinstance(meters, list) else [])}
    fields |= {
        vol.Required(CONF_APPLIES_TO, default=roles[0]): named_selector(
            ROLE_NAMES, roles
        ),
        vol.Optional(CONF_METERS): choices_selector({**gone, **targets.names}),
        vol.Required(CONF_VALID_FROM, default=start): DateTimeSelector(),
        vol.Optional(CONF_VALID_TO): OptionalTimeSelector(),
        vol.Required(CONF_PRICE_TYPE, default=offered_types[0]): named_selector(
            PRICE_TYPE_NAMES, offered_types
        ),
    }
    return vol.Schema(fields)


def _offered(choices: Iterable[str], stored: object) -> list[str]:
    """Return choices, and the stored one, which may be offered no longer."""
    offered = [*choices] if stored is None else [*choices, str(stored)]
    return [*dict.fromkeys(map(str, offered))]


def price_schema(
    targets: TariffTargets, data: Stored, actions: Mapping[str, str], texts: Texts
) -> vol.Schema:
    """Return the form of the price of a tariff, by its type."""
    points = targets.chosen(data)
    units = price_units(data, points, targets.currency)
    fields: dict[vol.Marker, object] = {
        vol.Required(CONF_UNIT, default=units[0]): SelectSelector(
            SelectSelectorConfig(
                options=units, custom_value=True, mode=SelectSelectorMode.DROPDOWN
            )
        ),
        **_price_fields(data, actions, texts),
    }
    if is_gas(data, points):
        fields[vol.Optional(CONF_HEATING_VALUE)] = NumberSelector(
            NumberSelectorConfig(
                min=1,
                max=50,
                mode=NumberSelectorMode.BOX,
                step="any",
                unit_of_measurement="kWh/m³",
            )
        )
    return vol.Schema(fields)


def _price_fields(
    data: Stored, actions: Mapping[str, str], texts: Texts
) -> dict[vol.Marker, object]:
    """Return the fields of a type of price."""
    match data.get(CONF_PRICE_TYPE):
        case PriceType.TIMED:
            return {
                vol.Required(CONF_RULES, default=list): _rules_selector(texts),
                vol.Optional(CONF_PRICE): number_selector(),
                vol.Required(CONF_HOLIDAYS, default=False): BooleanSelector(),
            }
        case PriceType.REGISTERS:
            return {
                vol.Required(CONF_PRICE_1): number_selector(),
                vol.Required(CONF_PRICE_2): number_selector(),
            }
        case PriceType.SENSOR:
            selector = EntitySelector(EntitySelectorConfig(domain="sensor"))
            return {vol.Required(CONF_SENSOR): selector}
        case PriceType.ACTION:
            return {vol.Required(CONF_ACTION): choice_selector(actions)}
        case _:
            return {vol.Required(CONF_PRICE): number_selector()}


def surcharges_schema(data: Stored, texts: Texts) -> vol.Schema:
    """Return the form of what comes on top of the price.

    The price of a timed tariff has already asked about holidays.
    """
    fields: dict[vol.Marker, object] = {
        vol.Optional(CONF_SURCHARGES, default=list): _surcharges_selector(texts)
    }
    if data.get(CONF_PRICE_TYPE) != PriceType.TIMED:
        fields[vol.Required(CONF_HOLIDAYS, default=False)] = BooleanSelector()
    fields[vol.Optional(CONF_DAILY)] = number_selector()
    fields[vol.Optional(CONF_MONTHLY)] = number_selector()
    return vol.Schema(fields)


def _rules_selector(texts: Texts) -> ObjectSelector:
    """Return the selector of prices by months, weekdays and hours."""
    price = ObjectSelectorField(required=True, selector=number_selector())
    return _list_selector({CONF_PRICE: price, **_time_fields(texts)}, RULE_NAMES)


def _surcharges_selector(texts: Texts) -> ObjectSelector:
    """Return the selector of surcharges."""
    day = ObjectSelectorField(selector=DateSelector())
    kinds = _labelled([AMOUNT, PERCENT], SURCHARGE_TYPE_NAMES, texts)
    return _list_selector(
        {
            AMOUNT: ObjectSelectorField(required=True, selector=number_selector()),
            CONF_TYPE: ObjectSelectorField(default=AMOUNT, selector=kinds),
            **_time_fields(texts),
            CONF_VALID_FROM: day,
            CONF_VALID_TO: day,
        },
        SURCHARGE_NAMES,
    )


def _list_selector(
    fields: dict[str, ObjectSelectorField], names: str
) -> ObjectSelector:
    """Return the selector of a list of objects, shown by their first two fields."""
    label, description, *_ = fields
    return ObjectSelector(
        ObjectSelectorConfig(
            fields=fields,
            multiple=True,
            label_field=label,
            description_field=CONF_FROM_HOUR if names == RULE_NAMES else description,
            translation_key=names,
        )
    )


def _time_fields(texts: Texts) -> dict[str, ObjectSelectorField]:
    """Return the fields of the local hours in which something applies."""
    hour = NumberSelector(
        NumberSelectorConfig(
            min=0, max=HOURS, mode=NumberSelectorMode.BOX, unit_of_measurement="h"
        )
    )
    return {
        CONF_MONTHS: ObjectSelectorField(
            selector=_labelled(MONTHS, MONTH_NAMES, texts, is_multiple=True)
        ),
        CONF_WEEKDAYS: ObjectSelectorField(
            selector=_labelled(WEEKDAYS, WEEKDAY_NAMES, texts, is_multiple=True)
        ),
        CONF_FROM_HOUR: ObjectSelectorField(selector=hour),
        CONF_TO_HOUR: ObjectSelectorField(selector=hour),
    }


def _labelled(
    choices: Iterable[str], names: str, texts: Texts, *, is_multiple: bool = False
) -> SelectSelector:
    """Return the selector of choices in an item of a list."""
    place = f"component.{DOMAIN}.selector.{names}.options."
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=each, label=texts.get(f"{place}{each}", each))
                for each in choices
            ],
            translation_key=names,
            multiple=is_multiple,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
