"""Which entities are yes/no things, and which of their values means "on".

Whether an entity is a BOOLEAN, or a LONG or STRING with two labels, depends on the
device model. "On" is what Home Assistant means by it: open, leaking, failed.
Source: docs/wire/milesight.md, Meanings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import re

from ...metering.model import Quantity, Value
from ..common.http import Json
from .entity_rows import EntityRow, ValueType
from .words import any_word, plain_words


@dataclass(frozen=True, slots=True)
class Flag:
    """What a yes/no thing is, and the wire values that mean "on" and "off".

    The values are spelled as the keys of an enum: "true" and "1" as text.
    """

    quantity: Quantity
    on: str = "true"
    off: str = "false"

    def key_of(self, value: Value) -> str:
        """Return the wire value that means a value of the point."""
        return self.on if value else self.off


@dataclass(frozen=True, slots=True)
class _Rule:
    """The identifiers and the labels for "on" of a quantity.

    `identifier` is searched for in the whole identifier, as words; `on` is searched for
    in the label, and `None` is any label that the other one is the opposite of.
    """

    identifier: re.Pattern[str]
    quantity: Quantity
    on: re.Pattern[str] | None = None


FLAGS: Mapping[str, bool] = {"true": True, "false": False, "1": True, "0": False}
"""The spellings of a boolean as the keys of its enum."""

_OFF = any_word(
    *("off", "no", "normal", "vacant", "idle", "closed?", "installed", "released?"),
    *("deactivat(ed|ion)", "success(ful)?", "disconnect(ed)?", "dim", "dark"),
    *("standby", "offline", "outside", "unoccupied", "disabled?", "hide", "hidden"),
    *("low", "false", "inactive", "recover(ed)?", "stop(ped)?", "dry", "clear", "safe"),
    *("exit", "lifted", "not_\\w+", "ok", "absent"),
)
"""Labels that mean "off", unless a rule says what "on" is."""

_FAILED = any_word(
    "failed", "failure", "fail", "timeout", "error", "fault", "failed_\\w+"
)
_PLAIN_PAIRS = frozenset(
    {
        *("off on", "no yes", "disable enable", "disabled enabled", "close open"),
        *("closed open", "hide show", "false true", "inactive active"),
    }
)
"""Labels for "off" and "on" that need no rule to make a flag of any entity."""

_NO_STATES = frozenset({"disable enable", "disabled enabled", "hide show"})
"""Labels of what is set, not of a state, whatever the identifier says."""

_BOOLEAN_PAIRS = _PLAIN_PAIRS | {"low high", "released pressed", "normal alarm"}
"""Labels for "off" and "on" that a boolean may have besides."""

_RULES: tuple[_Rule, ...] = (
    # A relay that is closed conducts.
    _Rule(any_word("(high|mid|low)_status"), Quantity.OTHER, any_word("closed?")),
    _Rule(any_word("calibration_(result|status)"), Quantity.PROBLEM, _FAILED),
    _Rule(any_word("(\\w+_)?result"), Quantity.PROBLEM, _FAILED),
    _Rule(any_word("tamper"), Quantity.TAMPER),
    _Rule(any_word("window"), Quantity.WINDOW, any_word("open(ed)?", "trigger(ed)?")),
    _Rule(any_word("magnet", "door", "contact"), Quantity.DOOR, any_word("open(ed)?")),
    _Rule(any_word("leak(age)?", "flood(ing)?", "wet"), Quantity.MOISTURE),
    _Rule(any_word("smoke"), Quantity.SMOKE),
    _Rule(any_word("gas"), Quantity.GAS),
    _Rule(any_word("co", "carbon_monoxide"), Quantity.CARBON_MONOXIDE),
    _Rule(any_word("(anti_)?freeze"), Quantity.COLD),
    _Rule(any_word("fall(ing)?"), Quantity.SAFETY),
    _Rule(
        any_word("pir", "occupancy", "presence", "region", "toilet", "away", "bed"),
        Quantity.OCCUPANCY,
        any_word("occup+ied", "present", "presence", "in_bed"),
    ),
    _Rule(any_word("pir", "motion", "movement"), Quantity.MOTION),
    _Rule(any_word("vibration", "shock", "vibrate"), Quantity.VIBRATION),
    _Rule(any_word("buzzer", "siren", "alarming"), Quantity.SOUND),
    _Rule(any_word("sound", "noise"), Quantity.SOUND),
    _Rule(any_word("daylight", "light", "illuminance", "lux"), Quantity.LIGHT),
    _Rule(any_word("charg(e|ing)"), Quantity.BATTERY_CHARGING),
    _Rule(any_word("battery", "low_voltage"), Quantity.BATTERY, any_word("low\\w*")),
    _Rule(
        any_word("heartbeat", "online", "(\\w+_)?connect(ed|ion)?", "(dtls|mqtt)"),
        Quantity.CONNECTIVITY,
        re.compile(
            r"^connect$|(?:^|_)(?:connected|online|success|yes|on|normal)(?:_|$)"
        ),
    ),
    _Rule(any_word("register"), Quantity.CONNECTIVITY, any_word("\\w*success")),
    _Rule(any_word("status"), Quantity.CONNECTIVITY, any_word("online", "connected")),
    _Rule(any_word("running", "motor", "pump", "compressor"), Quantity.RUNNING),
    _Rule(
        any_word("(system|thermostat|detect)_status"),
        Quantity.RUNNING,
        any_word("on", "detecting", "running"),
    ),
    _Rule(any_word("valve"), Quantity.OPENING, any_word("open(ed)?", "on")),
    _Rule(any_word("socket", "plug", "outlet"), Quantity.OUTLET, any_word("on")),
    _Rule(
        any_word("alarms?", "alert", "error", "fault", "anomaly", "abnormal", "over"),
        Quantity.PROBLEM,
    ),
    _Rule(any_word("threshold_[xyz]", "position", "tilt"), Quantity.PROBLEM),
    _Rule(any_word("detection"), Quantity.PROBLEM, any_word("unavailable", "abnormal")),
)
"""The yes/no things of the vendor's models, the most telling words first."""

_ENDED = any_word("release(d)?", "deactivat(ed|ion)", "lifted")
"""Words of what an alarm is called when it is over."""

_SWITCHES = frozenset({Quantity.OUTLET})
"""The quantities of switches; others are those of what can only be read."""


def flag_of(entity: EntityRow, identifier: str) -> Flag | None:
    """Return what a yes/no thing is, or `None` if the entity has other values.

    A boolean with two labels that are no opposites, such as "left" and "right", is a
    choice between them.
    """
    words = plain_words(identifier)
    is_boolean = entity.value_type is ValueType.BOOLEAN
    labels = {key: plain_words(label) for key, label in entity.labels.items()}
    if is_boolean and len(labels) != 2:
        return Flag(_quantity_without_labels(entity, words))
    if len(labels) != 2:
        return None
    found = _by_plain_pair(labels, is_boolean=is_boolean)
    is_setting = _pair_of([*labels.values()]) in _NO_STATES
    if not is_setting and not _is_release(words):
        found = _by_rule(words, labels) or found
    if found is not None and entity.is_writable and found.quantity not in _SWITCHES:
        # Only the plain opposites are what a switch shows as on and off.
        return _by_plain_pair(labels, is_boolean=is_boolean)
    return found


def _is_release(words: str) -> bool:
    """Return True for the news that an alarm is over, whose "yes" is no problem."""
    return _ENDED.search(words.rpartition("alarm")[2]) is not None


def _by_rule(words: str, labels: Mapping[str, str]) -> Flag | None:
    """Return the flag of the first rule that the identifier and the labels follow."""
    for rule in _RULES:
        if rule.identifier.search(words) is None:
            continue
        if pair := _split(labels, rule.on):
            return Flag(rule.quantity, *pair)
    return None


def _split(
    labels: Mapping[str, str], on: re.Pattern[str] | None
) -> tuple[str, str] | None:
    """Return the keys of the labels for "on" and "off", if there is one of each."""
    if on is None:
        are_on = [key for key, label in labels.items() if not _OFF.search(label)]
    else:
        are_on = [key for key, label in labels.items() if on.search(label)]
        if len(are_on) == 2:
            # "Not installed" contains the word of its opposite.
            are_on = [key for key in are_on if not _OFF.search(labels[key])]
    if len(are_on) != 1:
        return None
    return are_on[0], next(key for key in labels if key != are_on[0])


def _by_plain_pair(labels: Mapping[str, str], *, is_boolean: bool) -> Flag | None:
    """Return the flag of two labels that are plain opposites."""
    pairs = _BOOLEAN_PAIRS if is_boolean else _PLAIN_PAIRS
    (first, one), (second, other) = labels.items()
    if _pair_of([one, other]) in pairs:
        return Flag(Quantity.OTHER, on=second, off=first)
    if _pair_of([other, one]) in pairs:
        return Flag(Quantity.OTHER, on=first, off=second)
    return None


def _pair_of(labels: Sequence[str]) -> str:
    """Return labels without the words that they begin with in common."""
    words = [label.split("_") for label in labels]
    while (
        all(len(each) > 1 for each in words) and len({each[0] for each in words}) == 1
    ):
        words = [each[1:] for each in words]
    return " ".join("_".join(each) for each in words)


def _quantity_without_labels(entity: EntityRow, words: str) -> Quantity:
    """Return the quantity of a boolean without labels, which is on if it is true."""
    if _is_release(words):
        return Quantity.OTHER
    found = (rule.quantity for rule in _RULES if rule.identifier.search(words))
    quantity = next(found, Quantity.OTHER)
    is_usable = not entity.is_writable or quantity in _SWITCHES
    return quantity if is_usable else Quantity.OTHER


def as_flag(value: Json) -> bool | None:
    """Return a boolean, given as one or as text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def enum_key(entity: EntityRow, value: Json) -> str | None:
    """Return a wire value as the key of an enum, or `None` if it cannot be one.

    The keys of a boolean are "false" and "true" or, in some models, "0" and "1".
    """
    if entity.value_type is ValueType.BOOLEAN:
        if (flag := as_flag(value)) is None:
            return None
        key, number = ("true", "1") if flag else ("false", "0")
        return number if number in entity.labels else key
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    is_bool = isinstance(value, bool)
    return str(value) if isinstance(value, int | float | str) and not is_bool else None
