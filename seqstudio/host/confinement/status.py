"""How far this machine confines workers, in the words that users see."""

import json
import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seqstudio.host.confinement.trial import Held

Word = Literal["enforced", "partly", "declared only"]
TRIAL = (
    "import json, sys; layers, sys.path[:] = json.loads(sys.argv[1]); "
    "from seqstudio.host.confinement.trial import main; main(layers)"
)
TIMEOUT_S = 10.0
MEANINGS = {
    "files": "it reads and writes only the files of its jobs",
    "network": "it has no network",
    "processes": "it starts no programs and touches no other process",
    "rights": "it gains no rights, and what it makes is limited",
}
LIFTED_BY = {"network": "network", "processes": "processes", "read": "files"}  # by a permission


@dataclass(frozen=True, slots=True)
class Confinement:
    """What holds on this machine."""

    held: Held

    @property
    def word(self) -> Word:
        """Return how much of it holds."""
        if self.held.count == len(MEANINGS):
            return "enforced"
        return "partly" if self.held.files or self.held.network else "declared only"

    @property
    def text(self) -> str:
        """Return the word, and for `partly` what holds and what does not."""
        if self.word != "partly":
            return self.word
        holds = [name for name in MEANINGS if getattr(self.held, name)]
        not_held = [name for name in MEANINGS if not getattr(self.held, name)]
        return f"partly ({', '.join(holds)}; only declared: {', '.join(not_held)})"

    def lines(self, permissions: Collection[str] = ()) -> list[str]:
        """Return each limit and whether it is enforced, without those that permissions lift."""
        lifted = {LIFTED_BY.get(name) for name in permissions}
        return [
            f"{meaning}: {'enforced' if getattr(self.held, name) else 'declared only'}"
            for name, meaning in MEANINGS.items()
            if name not in lifted
        ]


def confinement(cache: Path, paths: Sequence[str], layers: Sequence[str]) -> Confinement:
    """Find out what holds, by trying it in another process; the result is kept until a restart.

    Parameters
    ----------
    cache : the file that keeps it
    paths : the import path
    layers : those that are used
    """
    key = [*os.uname(), os.geteuid(), *layers]
    try:
        kept = json.loads(cache.read_bytes())
        if kept["key"] == key:
            return Confinement(Held(**kept["held"]))
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or damaged
        pass
    held = _try(paths, layers)
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps({"key": key, "held": held}), encoding="utf-8")
    except OSError:  # a profile that cannot be written
        pass
    return Confinement(Held(**held))


def _try(paths: Sequence[str], layers: Sequence[str]) -> dict[str, bool]:
    argument = json.dumps([list(layers), list(paths)])
    try:
        trial = subprocess.run(
            [sys.executable, "-I", "-S", "-c", TRIAL, argument],
            capture_output=True,
            timeout=TIMEOUT_S,
            check=True,
        )
        return dict(json.loads(trial.stdout))
    except (OSError, ValueError, subprocess.SubprocessError):  # it cannot even be tried
        return {}
