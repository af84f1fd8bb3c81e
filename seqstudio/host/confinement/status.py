"""How far this machine confines workers, in the words that users see."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seqstudio.host.confinement import landlock
from seqstudio.host.confinement.trial import Held

Word = Literal["enforced", "partly", "declared only"]
TRIAL = (
    "import json, sys; layers, shown, sys.path[:] = json.loads(sys.argv[1]); "
    "from seqstudio.host.confinement.trial import main; main(layers, shown)"
)
TIMEOUT_S = 10.0
MEANINGS = {
    "files": "it reads and writes only the files of its jobs",
    "network": "it has no network",
    "processes": "it starts no programs and touches no other process",
    "rights": "it gains no rights, and what it makes is limited",
    "ranks": "the processes of a training reach only each other",
}
LIFTED_BY = {"network": ("network", "ranks"), "processes": ("processes",), "read": ("files",)}
STATE = ("NoNewPrivs", "Seccomp", "Seccomp_filters", "CapEff")  # of this process: what it is denied
NAMESPACES = ("user", "mnt", "pid", "net")  # a container has its own


@dataclass(frozen=True, slots=True)
class Confinement:
    """What holds on this machine."""

    held: Held

    @property
    def word(self) -> Word:
        """Return how much of it holds."""
        if all(getattr(self.held, name) for name in MEANINGS):
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
        lifted = {limit for name in permissions for limit in LIFTED_BY.get(name, ())}
        return [
            f"{meaning}: {'enforced' if getattr(self.held, name) else 'declared only'}"
            for name, meaning in MEANINGS.items()
            if name not in lifted
        ]


def confinement(cache: Path, paths: Sequence[str], layers: Sequence[str]) -> Confinement:
    """Find out what holds, by trying it in another process.

    The result is kept until the machine restarts, for processes of which the system refuses the
    same: one in a container, or under a filter of system calls, finds out for itself.

    Parameters
    ----------
    cache : the file that keeps it
    paths : the import path
    layers : those that are used
    """
    key = [*system_facts(), *layers]
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


def system_facts() -> list[str]:
    """Return what tells this system, and what it denies this process, from others."""
    facts = [*os.uname(), str(os.geteuid())]
    if sys.platform == "linux":
        facts.append(str(landlock.version()))
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        facts += [line for line in lines if line.partition(":")[0] in STATE]
        facts += [str(Path("/proc/self/ns", name).readlink()) for name in NAMESPACES]
    return facts


def _try(paths: Sequence[str], layers: Sequence[str]) -> dict[str, bool]:
    try:
        with tempfile.TemporaryDirectory() as folder:
            shown = Path(folder, "shown")
            shown.write_text("x", encoding="ascii")
            argument = json.dumps([list(layers), str(shown), list(paths)])
            trial = subprocess.run(
                [sys.executable, "-I", "-S", "-c", TRIAL, argument],
                capture_output=True,
                timeout=TIMEOUT_S,
                check=True,
            )
        return dict(json.loads(trial.stdout))
    except (OSError, ValueError, subprocess.SubprocessError):  # it cannot even be tried
        return {}
