"""What a front end asks for: one job, as frozen values."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import ConfigError, JobError

Verb = Literal["operation", "train", "evaluate", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One job. `name` is the operation, or the task that is trained or measured.

    `inputs` maps the manifest's input names to files and folders. Without `out`, outputs stay in
    the job's own folder. Without `seed`, one is drawn; `JobHandle.seed` says which.
    """

    plugin: str
    verb: Verb = "operation"
    name: str
    inputs: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""  # an installed name, a bundle or a run folder; "" takes the default
    formats: tuple[str, ...] = ()
    out: Path | None = None
    seed: int | None = None
    takes: int = 1
    first_take: int = 1  # 3 with `takes=1` makes the third of several again, and it alone
    workers: int = 1
    recursive: bool = False
    device: str = "auto"
    nice: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)  # of train, evaluate and verify

    def __post_init__(self) -> None:
        for name in ("takes", "first_take", "workers"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")
        if not 0 <= self.nice <= 19:
            raise ConfigError(f"nice={self.nice}, expected 0 to 19")


def spec_to_text(spec: JobSpec) -> str:
    """Write a spec as JSON, its paths absolute."""
    return json.dumps(_absolute(to_plain(spec)))


def spec_from_text(text: str, where: str) -> JobSpec:
    """Read a spec back.

    Raises
    ------
    JobError
        If it is not what `spec_to_text` wrote.
    """
    return from_plain(JobSpec, json.loads(text), where, error=JobError)


def taken_up(spec: JobSpec) -> JobSpec:
    """Give the spec of a job that was begun before: a training goes on with the run it made."""
    run = Path(spec.arguments.get("run", ""))
    if spec.verb != "train" or not (run / "run.json").is_file():
        return spec
    return replace(spec, arguments={**spec.arguments, "resume": True})


def identity(spec: JobSpec, version: str) -> str:
    """Hash what makes two commands the same one: all but how many workers and how nice.

    Parameters
    ----------
    spec : the command
    version : of the plugin
    """
    table = _absolute(to_plain(spec))
    for name in ("workers", "nice"):
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
