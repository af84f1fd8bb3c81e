"""The folder of one training run: what was asked, what happened, checkpoints, the model so far.

Layout: `run.json`, `ledger.json`, `events.jsonl`, `checkpoints/`, `kept/` (weights of the best
checkpoints), `previews/`, `bundles/`, and `model`, a link to the newest of `bundles/`. The link is
replaced in one step, so that `model` is a whole bundle at every moment. Torch-free.
"""

import collections
import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.data import Ledger
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.task import TrainConfig
from seqstudio.errors import TrainingError
from seqstudio.services.atomic_files import json_bytes, new_folder, sweep, sync_file, write_durably
from seqstudio.services.events import Event, Finished, event_from_plain, event_to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """What a run was asked to do: enough to resume it, and to say so on the model's card."""

    task: str
    plugin: str = ""
    plugin_version: str = ""
    data: str = ""  # the source, as it was given
    data_sha256: str = ""  # over the source's files
    examples: str = ""  # fingerprint of the examples that were read
    preset: str = ""
    settings: tuple[str, ...] = ()
    command: str = ""
    held_out: Mapping[str, float] = dataclasses.field(
        default_factory=dict
    )  # rule of the valid split
    requires: Mapping[str, str] = dataclasses.field(default_factory=dict)  # part -> plugin
    config: TrainConfig = dataclasses.field(default_factory=TrainConfig)
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder, made by `create_run` or opened by `open_run`."""

    folder: Path
    spec: RunSpec

    @property
    def events_path(self) -> Path:
        """One JSON object a line: every event so far."""
        return self.folder / "events.jsonl"

    @property
    def model(self) -> Path:
        """The bundle of the best so far."""
        return self.folder / "model"

    def append(self, event: Event) -> None:
        """Add one event to the log."""
        line = json.dumps(event_to_plain(event), ensure_ascii=False) + "\n"
        with self.events_path.open("a", encoding="utf-8") as log:
            log.write(line)

    def events_bytes(self) -> int:
        """Sync the log and give its size, to be kept in a checkpoint."""
        self.events_path.touch()
        sync_file(self.events_path)
        return self.events_path.stat().st_size

    def cut_events(self, size: int) -> None:
        """Cut the log back to what a checkpoint had seen."""
        self.events_path.touch()
        os.truncate(self.events_path, min(size, self.events_path.stat().st_size))

    def events(self) -> Iterator[Event]:
        """Read the log; a last line that a kill cut short is left out."""
        if not self.events_path.exists():
            return
        with self.events_path.open(encoding="utf-8") as log:
            for number, line in enumerate(log, start=1):
                if line.endswith("\n"):
                    where = f"{self.events_path}:{number}"
                    yield event_from_plain(json.loads(line), where)

    def finished(self) -> Finished | None:
        """Give the last event, if it says that nothing is left to do."""
        last = next(iter(collections.deque(self.events(), maxlen=1)), None)
        return last if isinstance(last, Finished) and last.reason != "stopped" else None

    def write_ledger(self, ledger: Ledger) -> None:
        """Record which inputs were used, and which were refused and why."""
        write_durably(self.folder / "ledger.json", json_bytes(to_plain(ledger)))

    @contextlib.contextmanager
    def new_model(self, step: int) -> Iterator[Path]:
        """Fill a folder with a bundle; on leaving it becomes `model`, in one step.

        The bundle before it stays for those who are reading it; older ones go.
        """
        bundles = self.folder / "bundles"
        bundles.mkdir(exist_ok=True)
        serial = 1 + max((int(p.name[:6]) for p in bundles.glob("[0-9]*-*")), default=0)
        target = bundles / f"{serial:06d}-step-{step}"
        with new_folder(target) as folder:
            yield folder
        link = self.folder / f".model.{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(target.relative_to(self.folder))
        link.replace(self.model)
        sync_file(self.folder)
        for old in sorted(bundles.glob("[0-9]*-*"))[:-2]:
            shutil.rmtree(old)


def check_new(folder: Path) -> None:
    """Raise TrainingError if there is something in `folder` already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        found = "holds a run" if (folder / "run.json").exists() else "is not empty"
        raise TrainingError(f"{folder} {found}, expected a new folder, or --resume to go on")


def create_run(folder: Path, spec: RunSpec) -> Run:
    """Make a run folder.

    Raises
    ------
    TrainingError
        If there is something in `folder` already.
    """
    check_new(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("checkpoints", "kept", "previews", "bundles"):
        (folder / name).mkdir()
    write_durably(folder / "run.json", json_bytes(to_plain(spec)))
    return Run(folder, spec)


def open_run(folder: Path) -> Run:
    """Open a run folder to read it, or to resume it.

    Raises
    ------
    TrainingError
        If it is not a run folder, or its `run.json` does not fit.
    """
    path = folder / "run.json"
    if not path.is_file():
        raise TrainingError(f"{folder}: no run.json, expected the folder of a training run")
    try:
        table = json.loads(path.read_bytes())
    except ValueError as bad:
        raise TrainingError(f"{path}: {bad}, expected JSON") from bad
    for name in ("checkpoints", "kept", "previews", "bundles"):
        (folder / name).mkdir(exist_ok=True)
    return Run(folder, from_plain(RunSpec, table, str(path), error=TrainingError))


def sweep_run(run: Run) -> None:
    """Remove what a killed writer left; only for the process that trains."""
    for folder in (run.folder, *(run.folder / name for name in ("checkpoints", "kept", "bundles"))):
        sweep(folder)


def refuse_finished(run: Run) -> None:
    """Raise TrainingError for a run that has nothing left to do, saying what it came to."""
    if over := run.finished():
        raise TrainingError(
            f"{run.folder} is finished: {over.note}; nothing to resume, its model is {run.model}"
        )


def check_same_request(run: Run, spec: RunSpec) -> None:
    """See that a resumed run is asked for what it was begun with.

    Raises
    ------
    TrainingError
        If the task, the settings or the data differ, naming the first that does.
    """
    before, now = _asked(run.spec), _asked(spec)
    for name in before | now:
        if (old := before.get(name)) != (new := now.get(name)):
            raise TrainingError(f"{run.folder}: {name} is {new}, expected {old} as the run began")


def _asked(spec: RunSpec) -> dict[str, Any]:
    names = ("task", "data_sha256", "examples")
    same = {name: getattr(spec, name) for name in names}
    return {**same, **to_plain(spec.config), **to_plain(spec.options)}
