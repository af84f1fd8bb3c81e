"""What the worker of a job may do, from the job and the permissions of its plugins."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqstudio.host.catalogue.catalogue import Catalogue, Plugin, is_built_in
from seqstudio.host.confinement.paths import GPU_DEVICES
from seqstudio.host.confinement.policy import Policy
from seqstudio.host.jobs.plan import JobPlan
from seqstudio.host.limits import Limits
from seqstudio.host.profile import Profile


def policy_of(
    plan: JobPlan, catalogue: Catalogue, profile: Profile, paths: Sequence[str], *, warm: bool
) -> Policy:
    """Return the limits of a job's workers.

    A worker that runs only plugins that come with SeqStudio reads all files: data sets name files
    in other places, and a warm worker serves jobs on other files.

    Parameters
    ----------
    plan : with its folder
    catalogue : all plugins; the packages of those that are not in the job are hidden
    profile : of the user
    paths : the import path
    warm : the worker may be kept for other jobs, and writes in the folders of all
    """
    start, limits = plan.start, profile.limits()
    ids = {start.plugin.id, *(one.id for one in start.extensions)}
    used = [plugin for plugin in catalogue.plugins if plugin.id in ids]
    everything = is_poolable(used)
    processes = int(start.arguments.get("processes", 0)) > 0
    machines = processes and int(os.environ.get("NNODES") or 1) > 1
    home = Path.home()
    read = ["/"] if everything else [*paths, *map(str, _inputs(plan, (home, profile.home)))]
    if not everything and granted(used, "read"):
        read.append(str(home))
    hidden = [one.root for one in catalogue.plugins if one.id not in ids]
    write = [str(profile.jobs) if warm else start.folder]
    if start.cache_bytes:
        write.append(start.cache)
    if plan.filled_folder:
        write.append(str(plan.filled_folder))
    return Policy(
        read=tuple(dict.fromkeys(read)),
        hidden=() if everything else (*hidden, profile.root),
        list_only=tuple(map(str, _listed(plan))),
        write=tuple(write),
        compiled=str(profile.compiled) if everything else "",  # never shared with a stranger
        devices=GPU_DEVICES if may_use_gpu(start.device) else (),
        network=machines or granted(used, "network"),
        processes=processes or granted(used, "processes"),
        ranks=processes,
        **limits_of(limits),
    )


def limits_of(limits: Limits) -> dict[str, Any]:
    """Return the fields of a policy that the user sets for all workers."""
    return {"layers": limits.confine, "file_bytes": limits.file_bytes, "tasks": limits.tasks}


def may_use_gpu(device: str) -> bool:
    """Whether a job on a device may use a GPU; `auto` takes one if there is one."""
    return device == "auto" or device.startswith("cuda")


def is_poolable(plugins: Iterable[Plugin]) -> bool:
    """Whether a worker of these plugins may read all files, and serve other jobs."""
    return all(is_built_in(plugin.distribution) for plugin in plugins)


def granted(plugins: Iterable[Plugin], permission: str) -> bool:
    """Whether all plugins of a worker have a permission; they could use each other's."""
    return all(plugin.table.get("permissions", {}).get(permission) for plugin in plugins)


def read_by_all(plan: JobPlan) -> Iterator[Path]:
    """Yield what every worker of a job reads: models, and the files and folders of options."""
    start = plan.start
    for model in start.models:
        yield from [Path(model.path)] if model.path else []  # a recogniser may have its own
        yield from [Path(model.base)] if model.base else []
    entries = start.plugin.manifest.get("operations", ()) if start.verb == "operation" else ()
    for entry in entries:
        if entry["name"] == start.name:
            yield from _path_options(entry.get("options", {}), start.options)


def _inputs(plan: JobPlan, private: Iterable[Path]) -> Iterator[Path]:
    """Yield the files and folders that a job reads."""
    start, spec = plan.start, plan.spec
    yield from read_by_all(plan)
    for paths in spec.inputs.values():
        yield from (path.absolute() for path in paths)
    if data := start.arguments.get("data"):
        yield from _data(Path(data), private)
    if start.verb == "keep":
        yield Path(start.arguments["run"])
    for name in ("demo", "text"):
        if path := start.arguments.get(name):
            yield Path(path)


def _path_options(options: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Path]:
    for name, option in options.items():
        if option.get("type") == "path":
            value = values.get(name)
            found = value if isinstance(value, list | tuple) else [value] if value else []
            yield from (Path(one).absolute() for one in found)


def _data(data: Path, private: Iterable[Path]) -> Iterator[Path]:
    """Yield a data set: a folder, or a file with those beside it, which it may list.

    Beside a file in the user's home folder or above it, only those of the same name are read.
    """
    yield data
    if data.is_file():
        if any(one.is_relative_to(data.parent) for one in private):
            yield from data.parent.glob(f"{data.name.split('.')[0]}.*")
        else:
            yield data.parent


def _listed(plan: JobPlan) -> Iterator[Path]:
    """Yield the folder of a data set that is a file: its splits are found by their names."""
    if (data := plan.start.arguments.get("data")) and Path(data).is_file():
        yield Path(data).parent
