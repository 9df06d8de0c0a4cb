"""The state that all requests share: the knobs and the server's database."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .auth import Sessions
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
    world: World = field(init=False)
    sessions: Sessions = field(init=False)
    notifier: Notifier = field(init=False)

    def __post_init__(self) -> None:
        """Build the world."""
        start = self.start or self.clock() - timedelta(days=400)
        self.world = World(start, self.seed, self.device_count)
        self.sessions = Sessions(self)
        self.notifier = Notifier(self, self.world, self.sessions)

    @property
    def store(self) -> Store:
        """Return the values that are stored by now."""
        return Store(self.world, self.now)
