"""How a person left the app: theme, window and recent sessions, in one file of the profile."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import ConfigError
from seqstudio.host.profile import Profile
from seqstudio.services.atomic_files import faults_as, json_bytes, write_durably

RECENT = 12  # sessions that are remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is kept. The window's shape is Qt's own, as base64."""

    theme: str = "system"
    geometry: str = ""
    docks: str = ""
    recent: tuple[str, ...] = ()  # the latest first


class Preferences:
    """Reads and writes `app.json`; one that cannot be read counts as none, for nothing is lost."""

    def __init__(self, profile: Profile) -> None:
        self._path = profile.home / "app.json"
        self.left = self._read()

    @property
    def recent(self) -> tuple[Path, ...]:
        """The sessions that were opened last, the latest first; some may be gone."""
        return tuple(map(Path, self.left.recent))

    def opened(self, path: Path) -> None:
        """Remember a session as the latest.

        Raises
        ------
        ConfigError
            If the profile cannot be written.
        """
        others = [name for name in self.left.recent if name != str(path)]
        self._keep(replace(self.left, recent=(str(path), *others)[:RECENT]))

    def forget(self, paths: Iterable[Path]) -> None:
        """Take sessions off the list; their files stay."""
        gone = {str(path) for path in paths}
        kept = tuple(name for name in self.left.recent if name not in gone)
        self._keep(replace(self.left, recent=kept))

    def choose_theme(self, theme: str) -> None:
        """Remember how the app is dressed."""
        self._keep(replace(self.left, theme=theme))

    def shape(self, geometry: str, docks: str) -> None:
        """Remember the window's place and the places of what is docked in it."""
        self._keep(replace(self.left, geometry=geometry, docks=docks))

    def _keep(self, left: Left) -> None:
        if left == self.left:
            return
        self.left = left
        with faults_as(ConfigError, self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, json_bytes(to_plain(left)))

    def _read(self) -> Left:
        try:
            plain = json.loads(self._path.read_bytes())
            return from_plain(Left, plain, str(self._path))
        except (OSError, ValueError, ConfigError):
            return Left()
