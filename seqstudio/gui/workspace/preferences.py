"""Theme, window and recent sessions, kept in one file of the profile."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import ConfigError
from seqstudio.host.profile import Profile
from seqstudio.services.atomic_files import json_bytes, os_errors_as, write_atomic

RECENT = 12  # sessions that are remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedState:
    """The content of `app.json`. The window's state is Qt's own format, as base64."""

    theme: str = "system"
    windows: Mapping[str, str] = field(default_factory=dict)  # geometry, by the screen's size
    library: int = 0  # width of the library; 0 hides it
    recent: tuple[str, ...] = ()  # the latest first
    shortcuts: Mapping[str, str] = field(default_factory=dict)  # the user's own, by command


class Preferences:
    """Reads and writes `app.json`; a file that cannot be read counts as missing."""

    def __init__(self, profile: Profile) -> None:
        self._path = profile.home / "app.json"
        self.saved = self._read()

    @property
    def recent(self) -> tuple[Path, ...]:
        """The recent sessions, the latest first; some files may be gone."""
        return tuple(map(Path, self.saved.recent))

    def add_recent(self, path: Path) -> None:
        """Put a session first in the list of recent ones.

        Raises
        ------
        ConfigError
            If the profile cannot be written.
        """
        others = [name for name in self.saved.recent if name != str(path)]
        self._save(replace(self.saved, recent=(str(path), *others)[:RECENT]))

    def remove_recent(self, paths: Iterable[Path]) -> None:
        """Remove sessions from the list; their files stay."""
        removed = {str(path) for path in paths}
        kept = tuple(name for name in self.saved.recent if name not in removed)
        self._save(replace(self.saved, recent=kept))

    def set_theme(self, theme: str) -> None:
        """Remember the theme."""
        self._save(replace(self.saved, theme=theme))

    def set_shortcut(self, command: str, keys: str | None) -> None:
        """Remember the user's own shortcut of a command; None forgets it."""
        others = {name: own for name, own in self.saved.shortcuts.items() if name != command}
        mine = {} if keys is None else {command: keys}
        self._save(replace(self.saved, shortcuts={**others, **mine}))

    def set_window(self, screen: str, geometry: str, library: int) -> None:
        """Remember the geometry of the window on a screen, and the width of the library."""
        windows = {**self.saved.windows, screen: geometry}
        self._save(replace(self.saved, windows=windows, library=library))

    def _save(self, state: SavedState) -> None:
        if state == self.saved:
            return
        self.saved = state
        with os_errors_as(ConfigError, self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, json_bytes(to_plain(state)))

    def _read(self) -> SavedState:
        try:
            plain = json.loads(self._path.read_bytes())
            return from_plain(SavedState, plain, str(self._path))
        except (OSError, ValueError, ConfigError):
            return SavedState()
