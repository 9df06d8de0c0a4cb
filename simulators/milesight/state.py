"""The state that all requests share: the knobs and the server's database."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .auth import Sessions
from .captured import CapturedWorld
from .catalog import MODELS
from .knobs import Knobs
from .notifier import Notifier
from .store import Store
from .world import World


@dataclass(eq=False)
class State(Knobs):
    """The knobs, and the content of the server's database.

    `start` is when the first device was added: 400 days ago by default.
    """

    start: datetime | None = None
    seed: int = 1
    device_count: int = len(MODELS)
    captured: bool = False  # Devices and values of a real server, in place of others.
    grouped: bool = False  # Devices are in groups.
    world: World = field(init=False)
    sessions: Sessions = field(init=False)
    notifier: Notifier = field(init=False)

    def __post_init__(self) -> None:
        """Build the world."""
        start = self.start or self.clock() - timedelta(days=400)
        self.world = (
            CapturedWorld(self.now)
            if self.captured
            else World(start, self.seed, self.device_count, is_grouped=self.grouped)
        )
        self.sessions = Sessions(self)
        self.notifier = Notifier(self, self.world, self.sessions)

    def upgrade(self, version: str) -> None:
        """Replace the release, in place: keys and ids stay, tokens are refused."""
        self.version = version
        self.sessions.revoke()

    @property
    def store(self) -> Store:
        """Return the values that are stored by now."""
        return Store(self.world, self.now)
