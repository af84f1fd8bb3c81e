"""`models verify`: check file hashes here, golden outputs and metrics in a worker."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqstudio.cli.output import echo, to_json
from seqstudio.cli.reporters import QuietReporter
from seqstudio.cli.run_job import RERUN_HINT, exit_unless_done, follow_job
from seqstudio.errors import ModelError
from seqstudio.host.assets import assets_folder
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.text_format import count_text
from seqstudio.services.bundle_files import verify_files

RELATIVE_TOLERANCE = 1e-3  # other machines add in a different order


def verify_model(
    studio: Studio, text: str, *, data: Path | None, device: str, as_json: bool
) -> None:
    """Verify a model and print what was compared.

    Raises
    ------
    ModelError
        If a file does not match its hash, or an output or a metric differs from the expected one.
    """
    model = studio.models.find(text)
    verify_files(model.path)
    demo = {"demo": str(assets_folder())}
    golden = run_check(studio, model, "verify", device, demo).get("golden", [])
    metrics = []
    if data is not None:
        where = {"data": str(data.absolute()), "split": card_split(model)}
        metrics = compare_metrics(model, run_check(studio, model, "evaluate", device, where))
    if as_json:
        facts = {"name": model.name, "sha256": model.sha256, "golden": golden, "metrics": metrics}
        echo(to_json(facts))
    else:
        echo(f"{model.name}: every file matches its hash ({model.sha256[:12]})")
        outputs = count_text(len(golden), "golden output")
        echo(f"{model.name}: {outputs} and {count_text(len(metrics), 'metric')} compared")
    differing = [one for one in [*golden, *metrics] if not one["same"]]
    if differing:
        raise ModelError("; ".join(f"{model.name}: {difference(one)}" for one in differing))


def run_check(
    studio: Studio, model: FoundModel, verb: Any, device: str, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Run a verify or evaluate job on a model in a worker; return its result."""
    spec = JobSpec(
        plugin=model.facts.plugin,
        verb=verb,
        name=model.facts.task,
        model=str(model.path),
        device=device,
        arguments=arguments,
    )
    reporter = QuietReporter(several=False)
    outcome = follow_job(studio.submit(spec), reporter, resume_hint=RERUN_HINT)
    exit_unless_done(outcome, several=False)
    return outcome.finished.value


def card_split(model: FoundModel) -> str:
    """Return the split on which the metrics of the model card were measured."""
    metrics = model.facts.card.metrics
    return metrics[0].split if metrics else "test"


def compare_metrics(model: FoundModel, report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Compare each metric of the model card with the one just measured."""
    rows = []
    for metric in model.facts.card.metrics:
        if (value := report.get(metric.name)) is not None:
            scale = max(abs(metric.value), RELATIVE_TOLERANCE)
            same = abs(value - metric.value) <= RELATIVE_TOLERANCE * scale
            row = {"output": metric.name, "expected": metric.value, "found": value, "same": same}
            rows.append(row)
    return rows


def difference(one: Mapping[str, Any]) -> str:
    """Describe an output or metric that differs."""
    return f"{one['output']} is {one['found']!r}, expected {one['expected']!r}"
