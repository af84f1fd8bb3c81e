"""Running an operation in a worker: each item ends with one result or one reason."""

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from seqstudio.contracts.formatted import Formatted
from seqstudio.contracts.job import Cancelled, Operation, Request, Result, TakeSeed
from seqstudio.contracts.messages import (
    Item,
    ItemRefused,
    ItemResult,
    Items,
    OutputFile,
    Start,
)
from seqstudio.contracts.presentation import Presentation
from seqstudio.contracts.transcript import Transcript, check_times
from seqstudio.errors import JobError, PluginError, SeqStudioError
from seqstudio.host.worker.cache import FileCache
from seqstudio.host.worker.channel import HostChannel
from seqstudio.host.worker.job import WorkerJob
from seqstudio.host.worker.models import JobModels, ModelCache
from seqstudio.host.worker.plugins import Plugins
from seqstudio.services.atomic_files import sha256_of_file


def run_operation(
    start: Start,
    plugins: Plugins,
    host: HostChannel,
    ready: Callable[[HostChannel], None],
    cache: ModelCache,
) -> Mapping[str, Any]:
    """Run all items of a job; a failure ends only the items that it concerns."""
    operation = plugins.own("operations", start.name)
    runner = OperationRunner(operation, start, plugins, host, cache)
    ready(host)
    for items in host.items():
        runner.run(items)
    return {}


class OperationRunner:
    """One operation with its models, kept between items."""

    def __init__(
        self,
        operation: Operation,
        start: Start,
        plugins: Plugins,
        host: HostChannel,
        cache: ModelCache,
    ) -> None:
        self._operation = operation
        self._start = start
        self._plugins = plugins
        self._host = host
        entries = start.plugin.manifest.get("operations", ())
        entry = next(entry for entry in entries if entry["name"] == start.name)
        generative = bool(entry.get("generative"))
        self._models = JobModels(start.models, plugins, start.device, cache, generative=generative)
        self._kinds = {port["name"]: port["kind"] for port in entry.get("outputs", ())}
        self._streams = entry.get("runs") == "stream"
        self._cache = FileCache(Path(start.cache) if start.cache else None, start.cache_bytes)
        self._needs_model = bool(entry.get("task") or entry.get("tasks"))

    def run(self, batch: Items) -> None:
        """Run items that share their inputs; each ends with one result or one reason."""
        pending = {item.take: item for item in batch.items}
        fixable = False
        try:
            job = WorkerJob(
                self._host,
                self._models,
                folder=Path(self._start.folder) / str(batch.items[0].item),
                item=batch.items[0].item,
                needs_model=self._needs_model,
                streams=self._streams,
                pieces=batch.pieces,
                cache=self._cache,
            )
            for result in self._operation.run(self._request(batch), job):
                self._host.send(self._finish(result, pending, job))
            reason = f"{self._name()} gave no result for it, expected one"
        except SeqStudioError as error:
            reason, fixable = str(error), not isinstance(error, PluginError)
        except Cancelled:
            raise
        except BaseException as error:  # a plugin's bug or exit ends this item, not the worker
            traceback.print_exc()
            reason = f"{self._name()}: {type(error).__name__}: {error}"
        for item in pending.values():
            self._host.send(ItemRefused(item=item.item, reason=reason, fixable=fixable))

    def _name(self) -> str:
        return f"{self._start.plugin.id} {self._start.name}"

    def _request(self, batch: Items) -> Request:
        return Request(
            inputs={name: tuple(map(Path, paths)) for name, paths in batch.inputs.items()},
            options=self._start.options,
            takes=tuple(TakeSeed(item.take, item.seed) for item in batch.items if item.take),
        )

    def _finish(self, result: Result, pending: dict[int, Item], job: WorkerJob) -> ItemResult:
        if result.take not in pending:
            expected = sorted(pending) or "no further result"
            raise PluginError(
                f"{self._name()} gave a result for take {result.take}, expected {expected}"
            )
        item = pending[result.take]
        files = self._write(result, item, job.folder)
        if not result.partial:
            del pending[result.take]
        return ItemResult(
            item=item.item,
            partial=result.partial,
            files=files,
            summary=result.summary,
            details=result.details,
            provenance=job.provenance(),
        )

    def _write(self, result: Result, item: Item, folder: Path) -> tuple[OutputFile, ...]:
        """Write a result's outputs in the chosen formats into the job's folder."""
        unknown = set(result.outputs) - set(self._kinds)
        if unknown:
            raise PluginError(
                f"{self._name()} gave outputs {sorted(unknown)}, expected {sorted(self._kinds)}"
            )
        files = []
        for output, value in result.outputs.items():
            for form in self._start.formats.get(output, ()):
                path = folder / f"{output}.{result.take}.{form}"
                try:
                    self._export(self._kinds[output], form, value, path, result.presentation)
                except OSError as error:
                    target = item.targets[output][form]
                    why = f"{error.strerror}, in {folder}"
                    raise JobError(f"{target}: cannot be written: {why}") from error
                if not path.is_file() or path.is_symlink():  # a pipe would never end
                    what = f"output {output} is not a file"
                    raise PluginError(f"{self._name()}: {what}, expected one")
                sha256 = sha256_of_file(path)
                files.append(OutputFile(output=output, format=form, path=str(path), sha256=sha256))
        return tuple(files)

    def _export(
        self, kind: str, form: str, value: object, path: Path, presentation: Presentation
    ) -> None:
        if isinstance(value, Formatted):
            if form in value.texts:
                path.write_text(value.texts[form], encoding="utf-8")
                return
            value = value.otherwise
        if isinstance(value, Path):  # the operation wrote the file itself
            value.rename(path)
            return
        from seqstudio.media.exporters import built_in_exporters

        if isinstance(value, Transcript):
            check_times(value)
        for exporter in (*built_in_exporters(presentation), *self._plugins.exporters()):
            if exporter.kind == kind and exporter.name == form:
                exporter.write(value, path)
                return
        why = self._plugins.reason_left_out(self._plugins.left_out)
        raise PluginError(f"{self._name()}: no exporter writes {kind} as {form!r}{why}")
