"""Planning a job: a checked spec becomes the worker's start message and the job's items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.data import stable_seed
from seqstudio.contracts.manifest import OperationEntry, TaskEntry
from seqstudio.contracts.messages import ModelSource, PluginSource, Start
from seqstudio.errors import ConfigError, JobError
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin
from seqstudio.host.catalogue.models import FoundModel, ModelCatalogue
from seqstudio.host.catalogue.recognisers import FoundRecogniser, find_recogniser
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.inputs import InputGroup, group_inputs
from seqstudio.host.jobs.options import fill_options
from seqstudio.host.jobs.outputs import check_writable, choose_formats, output_stems, target_paths
from seqstudio.host.jobs.pilot import pilot_order
from seqstudio.host.jobs.spec import TRAININGS, JobSpec
from seqstudio.host.jobs.train_settings import check_settings
from seqstudio.services.settings import check_preset

PATH_ARGUMENTS = ("data", "run", "demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """A job that has been checked and that any worker can run."""

    start: Start  # `folder` is set once the job has its number
    spec: JobSpec
    models: tuple[tuple[str, str], ...]  # name and sha256 of each model it may load
    groups: tuple[InputGroup, ...] = ()
    notes: tuple[str, ...] = ()  # about its inputs and the names of its outputs, one line each
    stems: tuple[Path, ...] = ()  # of outputs, one for each group; relative if no out is given
    generative: bool = False
    stream: str = ""  # the kind of its streaming input; "" if it has none

    @property
    def filled_folder(self) -> Path | None:
        """The user's folder that a worker fills itself: a run, or a tuned model."""
        name = {"train": "run", "learn": "run", "tune": "out"}.get(self.start.verb)
        return Path(self.start.arguments[name]) if name else None

    def items(self, folder: Path, seed: int) -> list[ItemRow]:
        """Return the items: each group times its takes.

        Parameters
        ----------
        folder : where outputs with a relative stem go
        seed : the job's base seed
        """
        takes, first = self.spec.takes, self.spec.first_take
        rows: list[ItemRow] = []
        order = pilot_order([group.path for group in self.groups])
        batches = {index: batch for batch, index in enumerate(order, start=1)}
        for index, (group, stem) in enumerate(zip(self.groups, self.stems, strict=True)):
            for take in range(first, first + takes):
                name = f"{group.name}, take {take}" if takes > 1 else group.name
                files = target_paths(folder / stem, self.start.formats, take=take, takes=takes)
                item = ItemRow(
                    number=len(rows) + 1,
                    batch=batches[index],
                    name=name,
                    take=take if self.generative else 0,
                    seed=stable_seed(seed, take) if self.generative else 0,
                    inputs=absolute_inputs(group.inputs),
                    targets=files,
                )
                rows.append(item)
        _check_targets(rows)
        return rows


def absolute_inputs(inputs: Mapping[str, tuple[Path, ...]]) -> dict[str, tuple[Path, ...]]:
    """Make input paths absolute, since a worker has another current folder."""
    return {name: tuple(path.absolute() for path in paths) for name, paths in inputs.items()}


def _check_training(spec: JobSpec, task: TaskEntry) -> None:
    """Refuse at once what a worker would only refuse after reading all data."""
    if (preset := spec.arguments.get("preset")) and task.options is not None:
        check_preset(task.presets, preset)
    check_settings(task, spec.arguments.get("settings", ()))
    check_writable(Path(spec.arguments["run"]))


def _check_tuning(spec: JobSpec) -> None:
    """Refuse at once a folder that a worker would only refuse after it has tuned."""
    out = Path(spec.arguments["out"])
    check_writable(out)
    if out.exists() and any(out.iterdir()):
        raise JobError(f"{out} holds files, expected a new folder")


def plan_job(spec: JobSpec, catalogue: Catalogue, models: ModelCatalogue) -> JobPlan:
    """Check a spec against the manifests and find its models and inputs.

    Raises
    ------
    SeqStudioError
        If anything named is unknown, missing or out of range.
    """
    plugin = catalogue.plugin(spec.plugin)
    if spec.verb == "operation":
        return _plan_operation(spec, plugin, catalogue, models)
    if spec.verb in TRAININGS:
        task = catalogue.task(spec.name)[1]
        spec = with_absolute_paths(spec, task)
        _check_training(spec, task)
    if spec.verb == "tune":
        _check_tuning(spec)
    recogniser = find_recogniser(catalogue, spec.model) if spec.verb == "evaluate" else None
    found = (models.find(spec.model),) if spec.model and not recogniser else ()
    if spec.verb in TRAININGS:
        _check_bases(spec.name, found)
    chosen = (recogniser,) if recogniser else found
    start = Start(
        plugin=plugin_source(plugin),
        extensions=tuple(
            plugin_source(p)
            for p in catalogue.plugins
            if p.id != plugin.id
            and (_extends_training(p) or (recogniser and p.id == recogniser.plugin.id))
        ),
        verb=spec.verb,
        name=spec.name,
        models=tuple(map(model_source, chosen)),
        device=spec.device,
        folder="",
        arguments=_absolute(spec.arguments),
    )
    what = spec.name if spec.verb in TRAININGS else spec.model or spec.name
    group = InputGroup({}, f"{spec.verb} {what}", Path(spec.verb))
    shas = tuple((one.name, one.sha256) for one in chosen)
    return JobPlan(start=start, spec=spec, models=shas, groups=(group,), stems=(group.path,))


def _plan_operation(
    spec: JobSpec, plugin: Plugin, catalogue: Catalogue, models: ModelCatalogue
) -> JobPlan:
    entry = plugin.operation(spec.name)
    for name in ("takes", "first_take"):
        if (value := getattr(spec, name)) > 1 and not entry.generative:
            raise ConfigError(f"{entry.name}: {name}={value}, expected 1: it is not generative")
    inputs = group_inputs(entry, spec.inputs, recursive=spec.recursive)
    found = inputs.groups
    extra = _exported_formats(catalogue)
    stems, requested = _stems(spec, entry, found, extra)
    if spec.only:  # after names are chosen, which depend on all files
        found, stems = _only(spec.only, found, stems)
    formats = choose_formats(entry, requested, extra)
    for folder in {stem.parent for stem in stems} if spec.out else ():
        check_writable(folder)
    usable, needed = _usable(spec, plugin, entry, catalogue, models)
    others = [one for one in catalogue.plugins if one.id != plugin.id]
    extensions = [one for one in others if one.id in needed or _exports(one, entry, formats)]
    start = Start(
        plugin=plugin_source(plugin),
        extensions=tuple(map(plugin_source, extensions)),
        verb="operation",
        name=entry.name,
        models=tuple(map(model_source, usable)),
        options=fill_options(entry, spec.options),
        formats=formats,
        device=spec.device,
        folder="",
    )
    return JobPlan(
        start=start,
        spec=spec,
        models=tuple((one.name, one.sha256) for one in usable),
        groups=found,
        notes=(*inputs.notes, *_renamed(found, stems)),
        stems=stems,
        generative=entry.generative,
        stream=stream.kind if (stream := entry.stream_input()) else "",
    )


def _only(
    paths: Sequence[Path], found: Sequence[InputGroup], stems: Sequence[Path]
) -> tuple[tuple[InputGroup, ...], tuple[Path, ...]]:
    """Return the groups with one of these paths among their inputs, and the stems of these."""
    wanted = set(paths)
    kept = [
        (group, stem)
        for group, stem in zip(found, stems, strict=True)
        if any(wanted.intersection(files) for files in group.inputs.values())
    ]
    return tuple(group for group, _ in kept), tuple(stem for _, stem in kept)


def _usable(
    spec: JobSpec,
    plugin: Plugin,
    entry: OperationEntry,
    catalogue: Catalogue,
    models: ModelCatalogue,
) -> tuple[Sequence[FoundModel | FoundRecogniser], set[str]]:
    """Return what a job may load, and the ids of the plugins that this needs."""
    recogniser = find_recogniser(catalogue, spec.model) if spec.model else None
    if recogniser is None or not entry.model_tasks():
        usable = models.usable(plugin, entry, spec.model)
        required = [text for one in usable for text in one.facts.config.requires.values()]
        return usable, {text.partition(">=")[0] for text in required}
    if recogniser.entry.task not in entry.model_tasks():
        tasks = " or ".join(entry.model_tasks())
        what = f"{entry.name}: recogniser {recogniser.name!r} of {recogniser.entry.task}"
        raise ConfigError(f"{what}, expected a model of {tasks}")
    return (recogniser,), {recogniser.plugin.id}


def plugin_source(plugin: Plugin) -> PluginSource:
    """Describe to a worker where a plugin is."""
    return PluginSource(
        id=plugin.id, module=plugin.module, version=plugin.version, manifest=plugin.table
    )


def model_source(model: FoundModel | FoundRecogniser) -> ModelSource:
    """Describe to a worker where a model is, and its base if it is an adapter."""
    if isinstance(model, FoundRecogniser):
        return model.source
    return ModelSource(name=model.name, path=str(model.path), base=str(model.base or ""))


def _check_bases(task: str, bases: Sequence[FoundModel]) -> None:
    """Refuse at once to start a training from a model of another task."""
    for base in bases:
        if base.facts.task != task:
            raise ConfigError(
                f"{base.name}: a model of task {base.facts.task}, expected one of {task}"
            )


def _extends_training(plugin: Plugin) -> bool:
    """Return whether a plugin adds to the training or evaluation of other plugins' tasks."""
    sections = ("importers", "parts", "train_callbacks", "metrics")
    return any(plugin.table.get(section) for section in sections)


def _exported_formats(catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    """Return the formats that plugins' exporters write: kind -> names."""
    found: dict[str, tuple[str, ...]] = {}
    for plugin in catalogue.plugins:
        for entry in plugin.table.get("exporters", ()):
            kind = entry.get("kind", "")
            found[kind] = (*found.get(kind, ()), entry["name"])
    return found


def _exports(plugin: Plugin, entry: OperationEntry, formats: Mapping[str, tuple[str, ...]]) -> bool:
    """Return whether a plugin exports a chosen format that the operation itself cannot write."""
    wanted = {(port.kind, form) for port in entry.outputs for form in formats.get(port.name, ())}
    wanted -= {(port.kind, form) for port in entry.outputs for form in port.formats}
    exporters = plugin.table.get("exporters", ())
    return any((one.get("kind"), one["name"]) in wanted for one in exporters)


def _stems(
    spec: JobSpec,
    entry: OperationEntry,
    found: Sequence[InputGroup],
    extra: Mapping[str, tuple[str, ...]],
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return the path of each group's outputs, without suffix, and the requested formats.

    For a single group `out` may be a file: its suffix is then one of the formats.
    """
    paths = output_stems([group.path for group in found])
    out = spec.out
    if out is None:
        return tuple(paths), spec.formats
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
        return tuple(out / path for path in paths), spec.formats
    if suffix not in known:
        raise JobError(f"{out}: no format {suffix!r}, expected one of: {', '.join(sorted(known))}")
    return (out.with_suffix(""),), tuple(dict.fromkeys((suffix, *spec.formats)))


def _renamed(found: Sequence[InputGroup], stems: Sequence[Path]) -> list[str]:
    """Return a line for each input whose outputs do not have its name, with or without suffix."""
    return [
        f"{group.name}: its outputs are named {stem.name}, since others have its name or it is long"
        for group, stem in zip(found, stems, strict=True)
        if len(stems) > 1 and stem.name not in (group.path.name, group.path.stem)
    ]


def _check_targets(items: Sequence[ItemRow]) -> None:
    """Check that no output is written twice or replaces an input."""
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


def with_absolute_paths(spec: JobSpec, task: TaskEntry) -> JobSpec:
    """Return a training whose settings that are paths are absolute, as inputs are."""
    paths = {name for name, option in (task.options or {}).items() if option.type == "path"}
    settings = [
        f"{name}={Path(value).absolute()}" if name in paths and value != "none" else text
        for text in spec.arguments.get("settings", ())
        for name, _, value in [text.partition("=")]
    ]
    return replace(spec, arguments={**spec.arguments, "settings": tuple(settings)})


def _absolute(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Make the paths among a verb's arguments absolute, as `absolute_inputs` does."""
    return {
        name: str(Path(value).absolute()) if name in PATH_ARGUMENTS else value
        for name, value in arguments.items()
    }


def with_folder(plan: JobPlan, folder: Path, cache: Path, cache_bytes: int) -> JobPlan:
    """Return the plan with its job's folder, and the folder of caches."""
    own = str(cache / plan.start.plugin.id)
    start = replace(plan.start, folder=str(folder), cache=own, cache_bytes=cache_bytes)
    return replace(plan, start=start)
