"""From a spec to work: the worker's start message, and the items for the books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.data import stable_seed
from seqstudio.contracts.manifest import OperationEntry, TaskEntry
from seqstudio.contracts.messages import ModelSource, PluginSource, Start
from seqstudio.errors import ConfigError, JobError
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin
from seqstudio.host.catalogue.models import Models
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.inputs import Group, groups
from seqstudio.host.jobs.options import fill_options
from seqstudio.host.jobs.outputs import check_writable, place_names, targets, wanted_formats
from seqstudio.host.jobs.spec import JobSpec
from seqstudio.host.jobs.train_settings import check_settings
from seqstudio.services.settings import check_preset

PATHS = ("data", "run", "demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A job that has been checked, and that any worker can start on."""

    start: Start  # `folder` is filled in once the job has its number
    spec: JobSpec
    models: tuple[tuple[str, str], ...]  # name and sha256 of each model it may load
    groups: tuple[Group, ...] = ()
    stems: tuple[Path, ...] = ()  # of outputs, one for each group; relative where there is no out
    generative: bool = False
    stream: str = ""  # the kind of its streaming input; "" where it has none

    def items(self, folder: Path, seed: int) -> list[ItemRow]:
        """Write out every item: each group times its takes.

        Parameters
        ----------
        folder : where outputs go that have no other place
        seed : the job's base seed
        """
        takes, first = self.spec.takes, self.spec.first_take
        rows: list[ItemRow] = []
        for batch, (group, stem) in enumerate(zip(self.groups, self.stems, strict=True), start=1):
            for take in range(first, first + takes):
                name = f"{group.name}, take {take}" if takes > 1 else group.name
                files = targets(folder / stem, self.start.formats, take=take, takes=takes)
                item = ItemRow(
                    number=len(rows) + 1,
                    batch=batch,
                    name=name,
                    take=take if self.generative else 0,
                    seed=stable_seed(seed, take) if self.generative else 0,
                    inputs=absolute(group.inputs),
                    targets=files,
                )
                rows.append(item)
        _check_targets(rows)
        return rows


def absolute(inputs: Mapping[str, tuple[Path, ...]]) -> dict[str, tuple[Path, ...]]:
    """Name inputs as a worker, which runs elsewhere, finds them."""
    return {name: tuple(path.absolute() for path in paths) for name, paths in inputs.items()}


def _check_training(spec: JobSpec, task: TaskEntry) -> None:
    """Refuse at once what a worker would refuse once all data are read."""
    if (preset := spec.arguments.get("preset")) and task.options is not None:
        check_preset(task.presets, preset)
    check_settings(task, spec.arguments.get("settings", ()))
    check_writable(Path(spec.arguments["run"]))


def plan_job(spec: JobSpec, catalogue: Catalogue, models: Models) -> Plan:
    """Check a spec against the manifests, and find its models and inputs.

    Raises
    ------
    SeqStudioError
        If anything named is unknown, missing or out of range.
    """
    plugin = catalogue.plugin(spec.plugin)
    if spec.verb == "operation":
        return _plan_operation(spec, plugin, catalogue, models)
    if spec.verb == "train":
        _check_training(spec, catalogue.task(spec.name)[1])
    chosen = models.find(spec.model) if spec.model else None
    found = ((chosen.name, str(chosen.path), chosen.sha256),) if chosen else ()
    start = Start(
        plugin=source_of(plugin),
        extensions=tuple(source_of(p) for p in catalogue.plugins if p.id != plugin.id and _adds(p)),
        verb=spec.verb,
        name=spec.name,
        models=tuple(ModelSource(name=name, path=path) for name, path, _ in found),
        device=spec.device,
        folder="",
        arguments=_absolute(spec.arguments),
    )
    group = Group({}, f"{spec.verb} {spec.model or spec.name}", Path(spec.verb))
    shas = tuple((name, sha) for name, _, sha in found)
    return Plan(start=start, spec=spec, models=shas, groups=(group,), stems=(group.place,))


def _plan_operation(spec: JobSpec, plugin: Plugin, catalogue: Catalogue, models: Models) -> Plan:
    entry = plugin.operation(spec.name)
    for name in ("takes", "first_take"):
        if (value := getattr(spec, name)) > 1 and not entry.generative:
            raise ConfigError(f"{entry.name}: {name}={value}, expected 1: it is not generative")
    found = groups(entry, spec.inputs, recursive=spec.recursive)
    extra = _formats_elsewhere(catalogue)
    stems, asked = _stems(spec, entry, found, extra)
    formats = wanted_formats(entry, asked, extra)
    for folder in {stem.parent for stem in stems} if spec.out else ():
        check_writable(folder)
    usable = models.usable(plugin, entry, spec.model)
    required = [text for one in usable for text in one.facts.config.requires.values()]
    needed = {text.partition(">=")[0] for text in required}
    extensions = [
        one
        for one in catalogue.plugins
        if one.id != plugin.id and (one.id in needed or _writes(one, entry, formats))
    ]
    start = Start(
        plugin=source_of(plugin),
        extensions=tuple(map(source_of, extensions)),
        verb="operation",
        name=entry.name,
        models=tuple(ModelSource(name=one.name, path=str(one.path)) for one in usable),
        options=fill_options(entry, spec.options),
        formats=formats,
        device=spec.device,
        folder="",
    )
    return Plan(
        start=start,
        spec=spec,
        models=tuple((one.name, one.sha256) for one in usable),
        groups=tuple(found),
        stems=stems,
        generative=entry.generative,
        stream=stream.kind if (stream := entry.stream()) else "",
    )


def source_of(plugin: Plugin) -> PluginSource:
    """Say to a worker where a plugin is."""
    return PluginSource(
        id=plugin.id, module=plugin.module, version=plugin.version, manifest=plugin.table
    )


def _adds(plugin: Plugin) -> bool:
    """Whether a plugin brings something to the training or measuring of another's task."""
    sections = ("importers", "parts", "train_callbacks", "metrics")
    return any(plugin.table.get(section) for section in sections)


def _formats_elsewhere(catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    """Give the formats that plugins' exporters write: kind -> names."""
    found: dict[str, tuple[str, ...]] = {}
    for plugin in catalogue.plugins:
        for entry in plugin.table.get("exporters", ()):
            kind = entry.get("kind", "")
            found[kind] = (*found.get(kind, ()), entry["name"])
    return found


def _writes(plugin: Plugin, entry: OperationEntry, formats: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a plugin's exporters write one of the formats that the operation does not know."""
    wanted = {(port.kind, form) for port in entry.outputs for form in formats.get(port.name, ())}
    wanted -= {(port.kind, form) for port in entry.outputs for form in port.formats}
    offers = plugin.table.get("exporters", ())
    return any((offer.get("kind"), offer["name"]) in wanted for offer in offers)


def _stems(
    spec: JobSpec, entry: OperationEntry, found: list[Group], extra: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Give where the outputs of each group go, without suffix, and the formats that are asked for.

    One group may name its file: its suffix is then one of the formats.
    """
    places = place_names([group.place for group in found])
    out = spec.out
    if out is None:
        return tuple(places), spec.formats
    out = out.absolute()
    known = {f for p in entry.outputs for f in (*p.formats, *extra.get(p.kind, ()))}
    suffix = out.suffix[1:]
    if (
        out.is_dir()
        or len(found) > 1
        or not suffix
        or (suffix not in known and entry.runs == "batch")
    ):
        if out.is_file():
            raise JobError(f"{out}: a file, expected a folder for the outputs")
        return tuple(out / place for place in places), spec.formats
    if suffix not in known:
        raise JobError(f"{out}: no format {suffix!r}, expected one of: {', '.join(sorted(known))}")
    return (out.with_suffix(""),), tuple(dict.fromkeys((suffix, *spec.formats)))


def _check_targets(items: Sequence[ItemRow]) -> None:
    """See that no output is written twice, nor onto an input."""
    sources = {
        path.absolute() for item in items for paths in item.inputs.values() for path in paths
    }
    taken: set[Path] = set()
    for item in items:
        for target in (path for forms in item.targets.values() for path in forms.values()):
            if target in sources:
                raise JobError(f"{target}: would replace an input, expected another --out")
            if target in taken:
                raise JobError(f"{target}: would be written twice, expected another name or --out")
            taken.add(target)


def _absolute(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Make the paths among a verb's arguments absolute: a worker has another current folder."""
    return {
        name: str(Path(value).absolute()) if name in PATHS else value
        for name, value in arguments.items()
    }


def with_folder(plan: Plan, folder: Path) -> Plan:
    """Tell a plan its job's folder."""
    return replace(plan, start=replace(plan.start, folder=str(folder)))
