"""`seqstudio models tune`: choose on data how a model decodes."""

import shlex
from pathlib import Path

from seqstudio.cli.evaluate import metric_lines
from seqstudio.cli.output import echo, to_json
from seqstudio.cli.reporters import QuietReporter, text_reporter
from seqstudio.cli.run_job import RERUN_HINT, exit_unless_done, follow_job
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.text_format import one_line


def tune_model(
    studio: Studio,
    model: str,
    data: Path,
    *,
    out: Path,
    text: Path | None,
    importer: str,
    device: str,
    as_json: bool,
) -> None:
    """Tune a model, and show what was tried and how good the result is on the valid split."""
    found = studio.models.find(model)
    words = ["seqstudio", "models", "tune", found.name, data.name, "--out", out.name]
    words += ["--text", text.name] if text else []
    words += ["--importer", importer] if importer else []
    arguments = {
        "data": str(data.absolute()),
        "out": str(out.absolute()),
        "text": str(text.absolute()) if text else None,
        "importer": importer,
        "command": shlex.join(words),
    }
    spec = JobSpec(
        plugin=found.facts.plugin,
        verb="tune",
        name=found.facts.task,
        model=model,
        device=device,
        arguments=arguments,
    )
    reporter = QuietReporter(several=False) if as_json else text_reporter(several=False)
    outcome = follow_job(studio.submit(spec), reporter, resume_hint=RERUN_HINT)
    exit_unless_done(outcome, several=False)
    report = outcome.finished.value
    if as_json:
        echo(to_json(report))
        return
    for line in (*report["trials"], *metric_lines(report), f"model: {out}"):
        echo(one_line(line))
