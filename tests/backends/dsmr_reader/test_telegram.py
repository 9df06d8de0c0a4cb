"""P1 telegrams of Dutch and Belgian meters, whole, broken and strange."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.backends.dsmr_reader.extra_meters import ExtraMeter
from custom_components.metering_hub.backends.dsmr_reader.models import ExtraDevice
from custom_components.metering_hub.backends.dsmr_reader.telegram import (
    Telegram,
    parse_telegram,
)
from tests.captures import FIXTURES, parse

SERIAL = "E0044007131650618"
SERIAL_HEX = SERIAL.encode().hex()
GAS_SERIAL = "G0039001936990619"
GAS_SERIAL_HEX = GAS_SERIAL.encode().hex()
WATER_SERIAL = "W0001"
WATER_SERIAL_HEX = WATER_SERIAL.encode().hex()

NOTHING = Telegram(
    manufacturer=None,
    model=None,
    serial=None,
    is_belgian=False,
    has_tariffs=True,
    energy_unit="kWh",
    power_unit="kW",
    extra_meters=(),
)

GAS = (
    "0-1:24.1.0(003)",
    f"0-1:96.1.0({GAS_SERIAL_HEX})",
    "0-1:24.2.1(261121033000W)(09448.697*m3)",
)
WATER = (
    "0-2:24.1.0(007)",
    f"0-2:96.1.0({WATER_SERIAL_HEX})",
    "0-2:24.2.1(261121033000W)(00777.777*m3)",
)
HEAT = (
    "0-1:24.1.0(004)",
    "0-1:96.1.0(4B414D30303031)",
    "0-1:24.2.1(261121033000W)(00012.785*GJ)",
)
BELGIAN = (
    "/FLU5\\253770234_A",
    "",
    "0-0:96.1.4(50217)",
    "0-0:96.1.1(3153414733313030303533323430)",
    "0-0:1.0.0(261121033310W)",
    "1-0:1.8.1(000123.456*kWh)",
    "0-0:96.3.10(1)",
    "0-1:24.1.0(003)",
    "0-1:96.1.1(37464C4F32313139303333373333)",
    "0-1:24.2.3(261121033000W)(00112.384*m3)",
)


def extra_of(text: str) -> ExtraMeter:
    """Return the only extra meter of a telegram."""
    (meter,) = parse_telegram(text).extra_meters
    return meter


def telegram(*lines: str, header: str = "/ISK5\\2M550T-1012", end: str = "\r\n") -> str:
    return end.join([header, "", *lines, "!5582", ""])


def captured() -> str:
    """Return the telegram that a real DSMR-reader gave."""
    name = "datalogger_meter_statistics"
    capture = parse(name, (FIXTURES / "dsmr_reader" / f"{name}.http").read_bytes())
    text = json.loads(capture.body)["latest_telegram"]
    assert isinstance(text, str)
    return text


def test_captured_telegram() -> None:
    assert parse_telegram(captured()) == Telegram(
        manufacturer="Iskraemeco",
        model="2M550T-1012",
        serial=SERIAL,
        is_belgian=False,
        has_tariffs=True,
        energy_unit="kWh",
        power_unit="kW",
        extra_meters=(
            ExtraMeter(
                place="1:24.2.1",
                kind=ExtraDevice.GAS,
                is_other=False,
                unit="m³",
                serial=GAS_SERIAL,
                position=Decimal("9448.697"),
                time=datetime(2026, 11, 21, 2, 30, tzinfo=UTC),
            ),
        ),
    )


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_ends_do_not_matter(end: str) -> None:
    text = captured().replace("\r\n", end)
    assert parse_telegram(text) == parse_telegram(captured())


def test_belgian_telegram() -> None:
    got = parse_telegram("\r\n".join(BELGIAN))
    assert (got.manufacturer, got.model) == ("Fluvius", None)
    assert (got.serial, got.is_belgian) == ("1SAG3100053240", True)
    assert got.extra_meters == (
        ExtraMeter(
            place="1:24.2.3",
            kind=ExtraDevice.GAS,
            is_other=False,
            unit="m³",
            serial="7FLO2119033733",
            position=Decimal("112.384"),
            time=datetime(2026, 11, 21, 2, 30, tzinfo=UTC),
        ),
    )


def test_belgian_version_is_no_serial() -> None:
    assert parse_telegram(telegram("0-0:96.1.4(50217)")).serial is None


@pytest.mark.parametrize(
    ("header", "manufacturer", "model"),
    [
        ("/ISK5\\2M550T-1012", "Iskraemeco", "2M550T-1012"),
        ("/ISk5\\2MT382-1000", "Iskraemeco", "2MT382-1000"),
        ("/Ene5\\T210-D ESMR5.0", "Sagemcom", "T210-D ESMR5.0"),
        ("/KFM5KAISPHJ", "Kaifa", "KAISPHJ"),
        ("/ABC5\\X1", None, "X1"),
        ("/ISK5", "Iskraemeco", None),
        ("/ISK5\\", "Iskraemeco", None),
        ("/ISK5   ", "Iskraemeco", None),
        ("ISK5\\2M550T-1012", None, None),
        ("/IS", None, None),
    ],
)
def test_header(header: str, manufacturer: str | None, model: str | None) -> None:
    got = parse_telegram(telegram(header=header))
    assert (got.manufacturer, got.model) == (manufacturer, model)


@pytest.mark.parametrize(
    ("header", "model"),
    [
        ("/XMX5LGBBFG1009325446", "LGBBFG"),
        ("/KMP5 ZABF001587315111", "ZABF"),
        ("/KMP5 KA6U001585575011", "KA6U"),
        ("/KFM5KAISA77J003215313121", "KAISA77J"),
        ("/FLU5\\253769484_A", None),
        ("/ISK5\\2M550E-1012-123456789", "2M550E-1012"),
    ],
)
def test_header_with_a_serial_in_it(header: str, model: str | None) -> None:
    assert parse_telegram(telegram(header=header)).model == model


@pytest.mark.parametrize(
    ("code", "extra"),
    [
        ("003", ExtraDevice.GAS),
        ("3", ExtraDevice.GAS),
        ("004", ExtraDevice.HEAT),
        ("012", ExtraDevice.HEAT),
        ("006", ExtraDevice.WATER),
        ("007", ExtraDevice.WATER),
        ("002", None),
        ("000", None),
        ("999", None),
    ],
)
def test_kind_of_the_second_meter(code: str, extra: ExtraDevice | None) -> None:
    got = extra_of(
        telegram(f"0-1:24.1.0({code})", "0-1:24.2.1(261121033000W)(00001.000*m3)")
    )
    assert (got.kind, got.is_other) == (extra, extra is None)


def test_heat() -> None:
    got = extra_of(telegram(*HEAT))
    assert (got.kind, got.unit, got.serial) == (ExtraDevice.HEAT, "GJ", "KAM0001")


def test_water() -> None:
    got = extra_of(telegram(*WATER))
    assert (got.kind, got.unit, got.serial) == (ExtraDevice.WATER, "m³", WATER_SERIAL)


@pytest.mark.parametrize(
    ("unit", "known"),
    [
        ("m3", "m³"),
        ("M3", "m³"),
        ("GJ", "GJ"),
        ("MJ", "MJ"),
        ("kWh", "kWh"),
        ("gal", None),
    ],
)
def test_unit_of_the_second_meter(unit: str, known: str | None) -> None:
    got = extra_of(
        telegram("0-1:24.1.0(004)", f"0-1:24.2.1(261121033000W)(00001.000*{unit})")
    )
    assert got.unit == known


@pytest.mark.parametrize("lines", [(*GAS, *WATER[:2]), (*WATER[:2], *GAS)])
def test_a_meter_without_a_reading_is_left_out(lines: tuple[str, ...]) -> None:
    assert extra_of(telegram(*lines)).serial == GAS_SERIAL


@pytest.mark.parametrize(
    "lines",
    [GAS[:2], ("0-1:24.1.0(003)", "0-1:24.2.1(261121033000W)()")],
    ids=["no reading", "empty reading"],
)
def test_no_second_meter(lines: tuple[str, ...]) -> None:
    assert parse_telegram(telegram(*lines)).extra_meters == ()


@pytest.mark.parametrize(
    ("unit", "kind", "is_other"),
    [("m3", None, False), ("GJ", ExtraDevice.HEAT, False), ("kWh", None, True)],
)
def test_a_meter_without_a_type(
    unit: str, kind: ExtraDevice | None, *, is_other: bool
) -> None:
    got = extra_of(telegram(f"0-1:24.2.1(261121033000W)(00001.000*{unit})"))
    assert (got.kind, got.is_other) == (kind, is_other)


def test_two_meters_on_one_channel() -> None:
    lines = (*GAS, *(line.replace("0-2", "0-1") for line in WATER))
    got = parse_telegram(telegram(*lines)).extra_meters
    assert [meter.serial for meter in got] == [GAS_SERIAL, WATER_SERIAL]


@pytest.mark.parametrize(
    ("written", "serial"),
    [
        (SERIAL_HEX, SERIAL),
        (SERIAL_HEX.upper(), SERIAL),
        # A serial that is not the hex of printable characters is used as it is.
        ("E0044007131650618", "E0044007131650618"),
        ("12345", "12345"),
        ("00000000", "00000000"),
        ("FFFF", "FFFF"),
        ("2020", "2020"),
        # Padding is removed.
        ("4142432020", "ABC"),
    ],
)
def test_serial(written: str, serial: str) -> None:
    got = parse_telegram(telegram(f"0-0:96.1.1({written})"))
    assert got.serial == serial


@pytest.mark.parametrize("line", ["0-0:96.1.1()", "0-0:96.1.1", "0-0:96.1.1(é)"])
def test_no_serial(line: str) -> None:
    assert parse_telegram(telegram(line)).serial is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\r\n",
        "!",
        "null",
        "garbage (with) *brackets*",
        "<html>",
        "\x00\x01\x02",
        "1-0:3.8.1(011662.140*kvarh)",
    ],
)
def test_nothing_in_it(text: str) -> None:
    assert parse_telegram(text) == NOTHING


def test_half_a_telegram() -> None:
    half = parse_telegram(captured()[: captured().index("0-1:24.2.1")])
    whole = parse_telegram(captured())
    assert half == replace(whole, extra_meters=())


@pytest.mark.parametrize(
    "text",
    [captured(), "\r\n".join(BELGIAN), telegram(header="/XMX5LGBBFG1009325446")],
    ids=["captured", "Belgian", "in the header"],
)
def test_serials_are_not_shown(text: str) -> None:
    got = parse_telegram(text)
    shown = f"{got!r} {got}"
    serials = (got.serial, *(meter.serial for meter in got.extra_meters))
    for secret in (*serials, "253770234", "1009325446"):
        assert secret is None or secret not in shown


@settings(deadline=None)
@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    assert isinstance(parse_telegram(text), Telegram)


@settings(deadline=None)
@given(st.data())
def test_any_mutilation_is_survived(data: st.DataObject) -> None:
    text = captured()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    broken = text[:start] + data.draw(st.text(max_size=5)) + text[end:]
    assert isinstance(parse_telegram(broken), Telegram)


def test_old_telegram_gives_the_position_on_a_line_of_its_own() -> None:
    lines = (
        "0-1:24.1.0(03)",
        "0-1:96.1.0(4730303339303031393336393930363139)",
        "0-1:24.3.0(121030140000)(00)(60)(1)(0-1:24.2.0)(m3)",
        "(00024.123)",
    )
    got = extra_of(telegram(*lines))
    assert (got.kind, got.unit, got.position) == (
        ExtraDevice.GAS,
        "m³",
        Decimal("24.123"),
    )
    assert got.time == datetime(2012, 10, 30, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "is_belgian"),
    [
        (("/FLU5\\253770234_A", ""), True),
        (("/ISK5\\2M550T", "", "0-0:96.1.4(50217)"), True),
        (("/ISk5\\2MT382-1004", "", "0-0:96.14.0(0002)"), False),
        (("/KAM5", "", "1-0:1.8.0(00000003.997*kWh)"), False),
    ],
    ids=["Fluvius", "version", "DSMR 3", "Sweden"],
)
def test_belgian_meters(lines: tuple[str, ...], *, is_belgian: bool) -> None:
    assert parse_telegram("\r\n".join(lines)).is_belgian is is_belgian


@pytest.mark.parametrize(
    ("codes", "has_tariffs"),
    [
        (("1.8.0", "2.8.0"), False),
        (("1.8.1",), False),
        (("1.8.1", "1.8.2"), True),
        (("1.8.0", "1.8.1", "1.8.2"), True),
        (("1.8.1", "2.8.2"), True),
        ((), True),
    ],
)
def test_tariffs(codes: tuple[str, ...], *, has_tariffs: bool) -> None:
    got = parse_telegram(telegram(*(f"1-0:{code}(000001.000*kWh)" for code in codes)))
    assert got.has_tariffs is has_tariffs
