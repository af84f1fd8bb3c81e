"""A job as a front end specifies it: frozen values, also as JSON text."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import ConfigError, JobError
from seqstudio.services.runs import RUN_FILE

Verb = Literal["operation", "train", "evaluate", "verify", "tune", "keep", "learn"]
TRAININGS = frozenset({"train", "learn"})  # the verbs that fill a run folder
Executor = Literal["local", "ray"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One job. `name` is the operation, or the task that is trained or evaluated.

    `inputs` maps the manifest's input names to files and folders. Without `out`, outputs stay in
    the job's own folder. Without `seed`, one is drawn; `JobHandle.seed` returns it.
    """

    plugin: str
    verb: Verb = "operation"
    name: str
    inputs: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""  # an installed name, a bundle or a run folder; "" uses the default, and none
    # to start a training from
    formats: tuple[str, ...] = ()
    out: Path | None = None
    seed: int | None = None
    takes: int = 1
    first_take: int = 1  # 3 with `takes=1` makes only the third of several takes again
    workers: int = 1
    executor: Executor = "local"  # where the workers run
    recursive: bool = False
    only: tuple[Path, ...] = ()  # of the files that are found, these alone; () is all
    overwrite: bool = False  # replace files that SeqStudio has not written, keeping backups
    confirmed: bool = False  # go on, even if the pilot is unlike the training data
    device: str = "auto"
    nice: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)  # of all verbs but operation

    def __post_init__(self) -> None:
        for name in ("takes", "first_take", "workers"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")
        if not 0 <= self.nice <= 19:
            raise ConfigError(f"nice={self.nice}, expected 0 to 19")


def spec_to_text(spec: JobSpec) -> str:
    """Return a spec as JSON, with absolute paths."""
    return json.dumps(_absolute(to_plain(spec)))


def spec_from_text(text: str, where: str) -> JobSpec:
    """Parse a spec.

    Raises
    ------
    JobError
        If the text does not come from `spec_to_text`.
    """
    return from_plain(JobSpec, json.loads(text), where, error=JobError)


def as_resumed(spec: JobSpec) -> JobSpec:
    """Return the spec to continue a job with: a training resumes the run that it began.

    The run has a copy of the model that it started from, which may have changed since.
    """
    run = Path(spec.arguments.get("run", ""))
    if spec.verb not in TRAININGS or not (run / RUN_FILE).is_file():
        return spec
    return replace(spec, model="", arguments={**spec.arguments, "resume": True})


def identity(spec: JobSpec, version: str) -> str:
    """Hash a command, without what does not change its results.

    Parameters
    ----------
    spec : the command
    version : the plugin's version
    """
    table = _absolute(to_plain(spec))
    for name in ("workers", "executor", "nice", "overwrite", "confirmed", "only"):
        del table[name]
    return hashlib.sha256(json.dumps([version, table], sort_keys=True).encode()).hexdigest()


def _absolute(table: dict[str, Any]) -> dict[str, Any]:
    table["inputs"] = {
        name: [str(Path(path).absolute()) for path in paths]
        for name, paths in table["inputs"].items()
    }
    if table["out"] is not None:
        table["out"] = str(Path(table["out"]).absolute())
    return table
