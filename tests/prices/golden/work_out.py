"""Work out what the golden contracts cost in their year, as one would by hand.

It shares nothing with the integration: it walks every quarter of an hour on the wall
clock, compares times as the texts that are stored, and reckons in decimal fractions.

    python tests/prices/golden/work_out.py > answers.json
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
import json
from pathlib import Path
import sys
from zoneinfo import ZoneInfo

type Data = dict[str, object]

CONTRACTS = json.loads(Path(__file__).with_name("contracts.json").read_text("utf-8"))
QUARTER = timedelta(minutes=15)
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MONEY = {
    **dict.fromkeys(("ct", "c", "p", "øre", "gr"), Decimal("0.01")),
    **dict.fromkeys(("EUR", "€", "GBP", "DKK", "kr", "INR", "$", "zł"), Decimal(1)),
}
ENERGY = {
    "kWh": Decimal(1),
    "Wh": Decimal("0.001"),
    "MWh": Decimal(1000),
    "GJ": Decimal(10000) / Decimal(36),
}
VOLUME = {"m³": Decimal(1), "L": Decimal("0.001")}


def amount_of(hour: int, meter) -> Decimal:
    """An hour's use, in thousandths: as good as random, and the same everywhere."""
    return Decimal((hour * 7919 + meter["seed"]) % 1000) / 1000 * Decimal(meter["most"])


def spot_price(source, seconds: int) -> Decimal | None:
    hour = seconds // 3600
    if source["hole"] and hour % source["hole"] == 0:
        return None
    return Decimal((hour * 104729 + source["seed"]) % 4001 - source["below"]) / 10000


def fits(rule, wall: datetime, weekday: str) -> bool:
    if rule.get("months") and str(wall.month) not in map(str, rule["months"]):
        return False
    if rule.get("weekdays") and weekday not in rule["weekdays"]:
        return False
    first, end = rule.get("from_hour", 0), rule.get("to_hour", 24)
    hours = [*range(first, end)] if first < end else [*range(first, 24), *range(end)]
    return wall.hour in hours


def is_valid(data, text: str) -> bool:
    begin, end = data.get("valid_from"), data.get("valid_to")
    return (not begin or text >= begin) and (not end or text < end)


def is_for(data, meter) -> bool:
    if data["applies_to"] == "meters":
        return meter["key"] in data["meters"]
    return data["applies_to"] == meter["tariff_role"]


def tariff_for(contract, meter, text: str):
    """The one that counts: for chosen meters first, then what has begun last."""
    best = None
    for data in contract["tariffs"]:
        if is_for(data, meter) and is_valid(data, text):
            rank = (data["applies_to"] == "meters", data["valid_from"])
            if best is None or rank > best[0]:
                best = (rank, data)
    return best and best[1]


def base_price(contract, data, meter, wall: datetime, weekday: str, seconds: int):
    """The price as it is said, in the unit of the tariff."""
    kind = data["price_type"]
    if kind == "fixed":
        return Decimal(str(data["price"]))
    if kind == "timed":
        for rule in data["rules"]:
            if fits(rule, wall, weekday):
                return Decimal(str(rule["price"]))
        return None if data.get("price") is None else Decimal(str(data["price"]))
    if kind == "registers":
        price = data.get(f"price_{meter['tariff_number']}")
        return None if price is None else Decimal(str(price))
    return spot_price(contract["sources"][data["source"]], seconds)


def price_of(contract, data, meter, wall: datetime, seconds: int) -> Decimal | None:
    """The price of one of the meter's units in a quarter, in the currency."""
    weekday = DAYS[wall.weekday()]
    if data.get("holidays_as_sundays") and str(wall.date()) in contract["holidays"]:
        weekday = "sun"
    text = wall.isoformat()
    money, per = data["unit"].split("/")
    price = base_price(contract, data, meter, wall, weekday, seconds)
    if price is None:
        return None
    # What a source says is already per kWh or m³ in the currency.
    is_spot = data["price_type"] in ("sensor", "action")
    per_size = ENERGY.get(per) or VOLUME[per]
    scale = MONEY[money] / per_size
    price = price if is_spot else price * scale
    for extra in data.get("surcharges", ()):
        if is_valid(extra, text) and fits(extra, wall, weekday):
            value = Decimal(str(extra["amount"]))
            is_share = extra["type"] == "percent"
            price += price * value / 100 if is_share else value * scale
    return price * in_units_of(per, meter["unit"], data)


def in_units_of(per: str, unit: str, data) -> Decimal:
    """How many kWh (or m³) the tariff sees in one of the meter's units."""
    if (per in ENERGY) == (unit in ENERGY):
        return (ENERGY if unit in ENERGY else VOLUME)[unit]
    heating_value = Decimal(str(data["heating_value"]))
    if unit in VOLUME:
        return VOLUME[unit] * heating_value
    return ENERGY[unit] / heating_value


def days_in_month(day: date) -> int:
    first = day.replace(day=1)
    return ((first + timedelta(days=31)).replace(day=1) - first).days


def fixed_of(contract, day: date) -> Decimal:
    """What a day costs before anything is used."""
    text = f"{day}T00:00:00"
    cost = Decimal(0)
    for data in contract["tariffs"]:
        replaced = any(
            other is not data
            and other["applies_to"] == data["applies_to"]
            and set(other.get("meters", ())) >= set(data.get("meters", ()))
            and is_valid(other, text)
            and other["valid_from"] > data["valid_from"]
            for other in contract["tariffs"]
        )
        if is_valid(data, text) and not replaced:
            cost += Decimal(str(data.get("daily", 0)))
            cost += Decimal(str(data.get("monthly", 0))) / days_in_month(day)
    return cost


def quarters_of(year: int, zone: ZoneInfo):
    """All quarters of an hour of a local year."""
    moment = datetime(year, 1, 1, tzinfo=zone).astimezone(UTC)
    end = datetime(year + 1, 1, 1, tzinfo=zone).astimezone(UTC)
    while moment < end:
        yield moment
        moment += QUARTER


def answer(contract) -> Data:
    """What a contract costs in its year, for each meter, and what has no price."""
    zone = ZoneInfo(contract["zone"])
    # Each UTC hour of a meter: its quarters' prices. Hours that the local year only
    # has a part of are left out; those of zones with half hours are at its ends.
    costs, unpriced = {}, {}
    for meter in contract["meters"]:
        hours: dict[int, list[Decimal | None]] = {}
        for moment in quarters_of(contract["year"], zone):
            wall = moment.astimezone(zone).replace(tzinfo=None)
            seconds = int(moment.timestamp())
            data = tariff_for(contract, meter, wall.isoformat())
            price = data and price_of(contract, data, meter, wall, seconds)
            hours.setdefault(seconds // 3600, []).append(price)
        cost, missing = Decimal(0), 0
        for hour, prices in hours.items():
            if len(prices) < 4:
                continue
            if None in prices:
                missing += amount_of(hour, meter) != 0
            else:
                cost += sum(prices) * amount_of(hour, meter) / 4
        costs[meter["key"]] = str(round(cost, 4))
        unpriced[meter["key"]] = missing
    first = date(contract["year"], 1, 1)
    days = [first + timedelta(days=n) for n in range(366)]
    fixed = sum(fixed_of(contract, d) for d in days if d.year == contract["year"])
    return {"cost": costs, "unpriced": unpriced, "fixed": str(round(fixed, 4))}


if __name__ == "__main__":
    answers = {name: answer(contract) for name, contract in CONTRACTS.items()}
    sys.stdout.write(json.dumps(answers, indent=2, ensure_ascii=False) + "\n")
