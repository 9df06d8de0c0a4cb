"""Sensors: a place with a meter, its signals, and its description on the server.

All names, addresses and supply-point ids are made up.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime

from simulators.faults import Json
from simulators.house import House

CLIENT = 263429
HOUSE_MID, WORKSHOP_MID, INVERTER_MID = 582029, 582031, 582044

HOUSE_SIGNALS = (32, 34, 36, 38, 40, 42, 44, 46, 53, 54, 55, 56, 57, 58, 103)


@dataclass(frozen=True, slots=True)
class SensorType:
    """A type of sensor: 1 and 12 are those of the published examples."""

    number: int
    name: str
    description: str


SENSOR_TYPES = {
    kind.number: kind
    for kind in (
        SensorType(1, "virtual", "Wirtualny"),
        SensorType(2, "meter", "Licznik"),
        SensorType(5, "pv", "Instalacja PV"),
        SensorType(12, "meter_station", "Stacja"),
    )
}


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter that counts at a sensor from `since` (aware) until the next one does.

    `positions`: Wh, varh or VAh per moid at `since`; others start at 0. `eid` may be a
    number, as in the published example.
    """

    since: datetime
    positions: Mapping[int, int]
    eid: str | int
    type_name: str = "CX2000-9"


@dataclass(frozen=True, slots=True)
class Correction:
    """A register that goes on `fall` smallest steps lower from `at` (aware) on."""

    at: datetime
    moid: int
    fall: int


@dataclass(frozen=True, slots=True)
class Location:
    """The address and supply point of a sensor; each field may be missing."""

    ppe: str | None = None
    city: str | None = None
    postcode: str | None = None
    street: str | None = None
    street_number: str | None = None
    flat_number: str | None = None
    lat: float | None = None
    lon: float | None = None


@dataclass(eq=False)
class Sensor:
    """A sensor, identified by `client_cid`.`sensor_mid`; every field may change."""

    sensor_mid: int
    name: str
    signals: tuple[int, ...]
    house: House
    _: KW_ONLY
    client_cid: int = CLIENT
    sensor_eid: str | None = None
    type_id: int = 2
    location: Location = field(default_factory=Location)
    meters: list[Meter] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    owner: bool = True
    write: bool = False
    comments: str | None = None

    def path(self, moid: int) -> str:
        """Return the path of a signal: client_cid.sensor_mid/signal_type_moid."""
        return f"{self.client_cid}.{self.sensor_mid}/{moid}"

    def exchange(
        self,
        at: datetime,
        positions: Mapping[int, int] | None = None,
        eid: str | int = 135621,
    ) -> Meter:
        """Install another meter at `at` (aware), after all meters so far."""
        meter = Meter(at, positions or {}, eid)
        self.meters.append(meter)
        return meter

    def row(self) -> dict[str, Json]:
        """Return the row of sensors/find, including its null fields.

        Source: docs/wire/besmart.md, Sensors.
        """
        location, kind = self.location, SENSOR_TYPES[self.type_id]
        return {
            "address_city": location.city,
            "address_flat_number": location.flat_number,
            "address_postcode": location.postcode,
            "address_street": location.street,
            "address_street_number": location.street_number,
            "client_cid": self.client_cid,
            "sensor_mid": self.sensor_mid,
            "ppe": location.ppe,
            "lat": location.lat,
            "lon": location.lon,
            "name": self.name,
            "owner": self.owner,
            "sensor_eid": self.sensor_eid,
            "sensor_type_description": kind.description,
            "sensor_type_id": kind.number,
            "sensor_type_name": kind.name,
            "write": self.write,
        }

    def info(self) -> dict[str, Json]:
        """Return the answer of sensors/{cid}.{mid}, as published since 2022-08."""
        kind = SENSOR_TYPES[self.type_id]
        return {
            "info": "{}",
            "comments": self.comments,
            "client_cid": self.client_cid,
            "sensor_mid": self.sensor_mid,
            "lat": self.location.lat,
            "lon": self.location.lon,
            "name": self.name,
            "sensor_eid": self.sensor_eid,
            "sensor_type_description": kind.description,
            "sensor_type_id": kind.number,
            "sensor_type_name": kind.name,
            "write": self.write,
            "execute": False,
            "negligible": False,
            "uncertain": False,
        }


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace; `root` is the sensor_mid (and client_cid) of its root node."""

    number: int
    name: str
    description: str | None = None
    config: str | None = "workspace_1"
    root_node_id: int = 263468
    root: int = CLIENT

    def row(self, description_key: str) -> dict[str, Json]:
        """Return the row of workspaces; the vendor misspells the description's key."""
        return {
            "config": self.config,
            description_key: self.description,
            "id": self.number,
            "name": self.name,
            "owner": True,
            "root_node_id": self.root_node_id,
            "client_cid": self.root,
            "sensor_mid": self.root,
            "write": False,
        }


def default_sensors(
    seed: int = 1, start: datetime = datetime(2024, 1, 1, tzinfo=UTC)
) -> list[Sensor]:
    """Return a house, a workshop that only draws, and the house's PV inverter.

    The history starts at `start` (aware). The meter of the house had counted before.
    """
    home = House(seed, start, "Europe/Warsaw")
    shed = House(seed + 1, start, "Europe/Warsaw")
    place = ("Złocieniec", "78-520", "Żółkiewskiego", "12")
    return [
        Sensor(
            HOUSE_MID,
            "Dom – Złocieniec",  # noqa: RUF001 A real dash is the point.
            HOUSE_SIGNALS,
            home,
            sensor_eid="48003752B205900001",
            location=Location("PL0000000000000001", *place, "3", 53.53, 16.01),
            meters=[
                Meter(start, {32: 22_111_110, 34: 4_777_912, 36: 7_075_555}, 135620)
            ],
        ),
        Sensor(
            WORKSHOP_MID,
            "Warsztat „Pod lasem”",
            (32,),
            shed,
            location=Location("PL0000000000000002", *place),
            meters=[Meter(start, {32: 987_654}, "0135-WŻ/7")],
        ),
        Sensor(
            INVERTER_MID,
            "Falownik słoneczny",
            (70,),
            home,
            type_id=5,
            location=Location(lat=53.53, lon=16.01),
            meters=[Meter(start, {}, "SUN-7", "Słoneczko 6K")],
        ),
    ]


def plant(seed: int, start: datetime, meters: int) -> list[Sensor]:
    """Return the sensors of a home and a number of meters in the halls of a plant.

    The halls share a few load curves, so thousands of signals cost little.
    """
    halls = [House(seed + 2 + number, start, "Europe/Warsaw") for number in range(3)]
    return [
        *default_sensors(seed, start),
        *(
            Sensor(
                INVERTER_MID + 1 + number,
                f"Hala {number + 1}",
                HOUSE_SIGNALS,
                halls[number % len(halls)],
                meters=[Meter(start, {}, 200_000 + number)],
            )
            for number in range(meters)
        ),
    ]
