"""Workers that died: whose code did it, and whether the job goes on."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.contracts.messages import Start
from seqstudio.errors import JobError
from seqstudio.host.jobs.spec import TRAININGS
from seqstudio.services.runs import RUN_FILE

MACHINES = 3  # that an item may lose: perhaps it is too large for any


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What follows from the death of a worker."""

    again: bool = False  # its items run again
    notice: str = ""  # for the user
    left_out: str = ""  # id of the extension that the job goes on without
    failure: str = ""  # why no worker can run any of this job


class Losses:
    """Judges the deaths of one job's workers.

    A death counts against the plugin whose code ran. A plugin that dies while it is loaded is tried
    once more. If it is an extension, the job then goes on without it, as it does at once when
    one dies at work.

    Parameters
    ----------
    start : the job's start message
    count : counts a death against a plugin; returns why it is not run any more, or ""
    """

    def __init__(self, start: Start, count: Callable[[str, str], str]) -> None:
        self.start = start  # for the next worker: without the extensions that are left out
        self.owner = start.plugin.id
        self._count = count
        self._known = frozenset(one.id for one in start.extensions)
        self._tried_again: set[str] = set()
        self._machines: Counter[int] = Counter()  # that were lost, by item

    def known(self, plugin: str) -> str:
        """Check a plugin that a worker names: the owner, an extension or "".

        Raises
        ------
        JobError
            If the job has no such plugin.
        """
        return plugin if plugin == self.owner else self.extension(plugin)

    def extension(self, plugin: str) -> str:
        """Check the plugin that a worker says it runs; return "" for the owner.

        Raises
        ------
        JobError
            If the job has no such extension.
        """
        if plugin and plugin not in self._known:
            known = ", ".join(sorted(self._known)) or "none"
            raise JobError(f"message: plugin {plugin!r}, expected one of: {known}")
        return plugin

    def judge(self, acting: str, how: str, *, loading: bool, killed: bool) -> Loss:
        """Count a death against the plugin that did it, and return what follows.

        Parameters
        ----------
        acting : the extension whose code ran; "" for the owner's
        how : the worker ended
        loading : it was not ready yet
        killed : by the host, for what it did, so that another attempt would end in the same way
        """
        plugin = acting or self.owner
        switched_off = self._count(plugin, how)
        what = f"plugin {plugin!r}: its worker {how} while it was " + (
            "loading" if loading else "running"
        )
        if loading and not (switched_off or killed or plugin in self._tried_again):
            self._tried_again.add(plugin)
            return Loss(again=True, notice=f"{what}; it is tried once more")
        if acting:
            self._leave_out(acting)
            notice = f"{switched_off or what}; the job goes on without this plugin"
            return Loss(again=True, notice=notice, left_out=acting)
        return Loss(failure=switched_off or (what if loading else ""))

    def machine_lost(self, items: Collection[int]) -> bool:
        """Count a machine that was lost at work on items; return whether they run again."""
        self._machines.update(items)
        return all(self._machines[item] < MACHINES for item in items)

    def _leave_out(self, plugin: str) -> None:
        others = tuple(one for one in self.start.extensions if one.id != plugin)
        arguments = dict(self.start.arguments)
        if self.start.verb in TRAININGS and (Path(arguments["run"]) / RUN_FILE).exists():
            arguments["resume"] = True  # from its last checkpoint
        self.start = replace(self.start, extensions=others, arguments=arguments)
