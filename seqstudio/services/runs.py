"""The folder of a training run: its request, its events, its checkpoints and the best model so far.

Layout: `run.json`, `ledger.json`, `events.jsonl`, `checkpoints/`, `kept/` (weights of the best
evaluations), `epochs/` (weights that `keep_every` asks for), `previews/`, `base/` (the model it
started from, if any), `bundles/`, and `model`, a link to the newest of `bundles/`. The link is
replaced atomically, so that `model` is a complete bundle at all times. Torch-free.
"""

import collections
import contextlib
import dataclasses
import json
import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.data import Ledger
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.task import TrainConfig
from seqstudio.errors import TrainingError
from seqstudio.services.atomic_files import (
    atomic_folder,
    json_bytes,
    remove_leftovers,
    sync_file,
    write_atomic,
)
from seqstudio.services.bundle_files import BaseModel, export_bundle
from seqstudio.services.events import Event, Finished, event_from_plain, event_to_plain

RUN_FILE = "run.json"  # of a training that has begun
BASE, EPOCHS = "base", "epochs"
FOLDERS = ("checkpoints", "kept", EPOCHS, "previews", "bundles")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """The request of a run: enough to resume it and to fill in the model's card."""

    task: str
    plugin: str = ""
    plugin_version: str = ""
    data: str = ""  # name of the source
    data_sha256: str = ""  # over the source's files
    examples: str = ""  # fingerprint of the examples
    preset: str = ""
    settings: tuple[str, ...] = ()
    importer: str = ""  # the one that was asked for, as PLUGIN.NAME
    apart: float = 0.0  # share of the data that judges what was learned; 0: nothing is judged
    command: str = ""
    held_out: Mapping[str, float] = dataclasses.field(
        default_factory=dict
    )  # rule of the valid split
    requires: Mapping[str, str] = dataclasses.field(default_factory=dict)  # part -> plugin
    base: BaseModel | None = None  # whose weights the training started from; a copy is in `base`
    fresh: tuple[str, ...] = ()  # modules that the base lacks, or has in another shape
    config: TrainConfig = dataclasses.field(default_factory=TrainConfig)
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder, from `create_run` or `open_run`."""

    folder: Path
    spec: RunSpec

    @property
    def events_path(self) -> Path:
        """The event log: one JSON object per line."""
        return self.folder / "events.jsonl"

    @property
    def model(self) -> Path:
        """The bundle of the best model so far."""
        return self.folder / "model"

    @property
    def base(self) -> Path:
        """A copy of the bundle that the training started from, if there is one."""
        return self.folder / BASE

    def append(self, event: Event) -> None:
        """Append one event to the log."""
        line = json.dumps(event_to_plain(event), ensure_ascii=False) + "\n"
        with self.events_path.open("a", encoding="utf-8") as log:
            log.write(line)

    def sync_events(self) -> int:
        """Sync the event log to disk and return its size in bytes."""
        self.events_path.touch()
        sync_file(self.events_path)
        return self.events_path.stat().st_size

    def truncate_events(self, size: int) -> None:
        """Truncate the event log to `size` bytes, its size at a checkpoint."""
        self.events_path.touch()
        os.truncate(self.events_path, min(size, self.events_path.stat().st_size))

    def events(self) -> Iterator[Event]:
        """Read the event log; skip an incomplete last line, which a killed process leaves."""
        if not self.events_path.exists():
            return
        with self.events_path.open(encoding="utf-8") as log:
            for number, line in enumerate(log, start=1):
                if line.endswith("\n"):
                    where = f"{self.events_path}:{number}"
                    yield event_from_plain(json.loads(line), where)

    def finished(self) -> Finished | None:
        """Return the last event if it marks the training as complete, otherwise None."""
        last = next(iter(collections.deque(self.events(), maxlen=1)), None)
        return last if isinstance(last, Finished) and last.reason != "stopped" else None

    def write_ledger(self, ledger: Ledger) -> None:
        """Write `ledger.json`: which inputs were used, and which were refused and why."""
        write_atomic(self.folder / "ledger.json", json_bytes(to_plain(ledger)))

    @contextlib.contextmanager
    def new_model(self, step: int) -> Iterator[Path]:
        """Yield a folder to fill with a bundle; on exit it atomically becomes `model`.

        The previous bundle is kept for processes that are reading it; older ones are deleted.
        """
        bundles = self.folder / "bundles"
        bundles.mkdir(exist_ok=True)
        serial = 1 + max((int(p.name[:6]) for p in bundles.glob("[0-9]*-*")), default=0)
        target = bundles / f"{serial:06d}-step-{step}"
        with atomic_folder(target) as folder:
            yield folder
        link = self.folder / f".model.{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(target.relative_to(self.folder))
        link.replace(self.model)
        sync_file(self.folder)
        for old in sorted(bundles.glob("[0-9]*-*"))[:-2]:
            shutil.rmtree(old)


def check_new(folder: Path) -> None:
    """Raise TrainingError if `folder` exists and is not empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        found = "holds a run" if (folder / RUN_FILE).exists() else "is not empty"
        raise TrainingError(f"{folder} {found}, expected a new folder, or --resume to continue")


def create_run(folder: Path, spec: RunSpec, base: Path | None = None) -> Run:
    """Create a run folder, with a copy of the bundle `base` if the training starts from one.

    Raises
    ------
    TrainingError
        If `folder` exists and is not empty.
    """
    check_new(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        (folder / name).mkdir()
    if base is not None:
        export_bundle(base, folder / BASE)
    write_atomic(folder / RUN_FILE, json_bytes(to_plain(spec)))
    return Run(folder, spec)


def open_run(folder: Path) -> Run:
    """Open a run folder, to read or to resume it.

    Raises
    ------
    TrainingError
        If it is not a run folder, or its `run.json` is malformed.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        raise TrainingError(f"{folder}: no {RUN_FILE}, expected the folder of a training run")
    try:
        table = json.loads(path.read_bytes())
    except ValueError as error:
        raise TrainingError(f"{path}: {error}, expected JSON") from error
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True)
    return Run(folder, from_plain(RunSpec, table, str(path), error=TrainingError))


def remove_run_leftovers(run: Run) -> None:
    """Remove temporary files of a killed process. Only the process that trains may call this."""
    for folder in (run.folder, *(run.folder / name for name in FOLDERS)):
        remove_leftovers(folder)


def check_not_finished(run: Run) -> None:
    """Raise TrainingError if a run is complete; the text has its result."""
    if finished := run.finished():
        result = f"{finished.summary}; nothing to resume, its model is {run.model}"
        raise TrainingError(f"{run.folder} is finished: {result}")


def check_same_request(run: Run, spec: RunSpec) -> None:
    """Check that the request to resume a run equals its original request.

    Raises
    ------
    TrainingError
        If the task, a setting or the data differ; the text names the first difference.
    """
    before, now = _comparable(run.spec), _comparable(spec)
    for name in before | now:
        if (old := before.get(name)) != (new := now.get(name)):
            raise TrainingError(f"{run.folder}: {name} is {new}, expected {old} as at the start")


def check_same_verb(run: Run, data: Path, *, learns: bool) -> None:
    """Raise TrainingError, naming the command, if a run to be judged would go on unjudged.

    The same if a training that nothing judges would go on as one that learns.
    """
    if (run.spec.apart > 0) != learns:
        words = ("train", run.spec.task) if learns else (run.spec.plugin, "learn")
        command = shlex.join(["seqstudio", *words, str(data), "--run", str(run.folder)])
        what = "is a plain training" if learns else "learns from corrections, and is judged"
        raise TrainingError(f"{run.folder} {what}: go on with {command} --resume")


def _comparable(spec: RunSpec) -> dict[str, Any]:
    names = ("task", "data_sha256", "examples")
    values = {name: getattr(spec, name) for name in names}
    values["base"] = spec.base and spec.base.sha256
    return {**values, **to_plain(spec.config), **to_plain(spec.options)}
