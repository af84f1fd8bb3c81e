"""Which other plugin makes a job fail: the job runs with some of them, until one is left."""

import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.host.catalogue.catalogue import Catalogue, is_built_in
from seqstudio.host.jobs.database import JobRow
from seqstudio.host.profile import Profile
from seqstudio.host.replay.replay import replay, shared_profile
from seqstudio.host.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run of the job with some plugins switched on beside its own."""

    plugins: tuple[str, ...]
    reason: str  # why it failed; "" if it did not


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """Without which plugin the job succeeds; "" if it does not depend on the others."""

    plugin: str
    reason: str  # of the failure; "" if the job did not fail at all


def bisect(row: JobRow, profile: Profile) -> Generator[Trial, None, Culprit]:
    """Run a failed job with half of the other plugins, then with half of those, and so on.

    Plugins that come with SeqStudio stay on, and so does the job's own. A trial that fails for
    another reason counts as one that does not: it lacks something that the job needs. One plugin is
    blamed: where several fail only together, the one that completes them.
    """
    plugins = Catalogue.load(profile).plugins
    suspects = [p.id for p in plugins if not is_built_in(p.distribution) and p.id != row.plugin]
    with tempfile.TemporaryDirectory() as folder:
        trials = _Trials(row, profile, Path(folder), suspects)
        every = trials.run(suspects)
        yield every
        if not every.reason:
            return Culprit(plugin="", reason="")
        alone = trials.run([])
        yield alone
        if alone.reason == every.reason:
            return Culprit(plugin="", reason=alone.reason)
        kept: list[str] = []  # with these alone it does not fail so
        while len(suspects) > 1:
            half = suspects[: len(suspects) // 2]
            tried = trials.run([*kept, *half])
            yield tried
            if tried.reason == every.reason:
                suspects = half
            else:
                kept, suspects = [*kept, *half], suspects[len(half) :]
        return Culprit(plugin="".join(suspects), reason=every.reason)


class _Trials:
    """Runs of one job, each in a profile of its own."""

    def __init__(
        self, row: JobRow, profile: Profile, folder: Path, suspects: Sequence[str]
    ) -> None:
        self._row = row
        self._profile = profile
        self._folder = folder
        self._suspects = tuple(suspects)
        self._count = 0

    def run(self, plugins: Sequence[str]) -> Trial:
        """Run the job with these of the suspects switched on."""
        self._count += 1
        place = self._folder / str(self._count)
        profile = shared_profile(self._profile, place / "profile")
        for name in self._suspects:
            if name not in plugins:
                Store(profile).disable(name, "not in this trial")
        reasons = replay(self._row, profile, place / "out").reasons
        reason = "".join(reasons[:1]).replace(f"{place}/", "")  # so that reasons can be compared
        return Trial(plugins=tuple(plugins), reason=reason)
