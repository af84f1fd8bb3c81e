"""What `models verify` does: hashes here, golden outputs and figures in a worker."""

from pathlib import Path

import click

from seqstudio.cli.output import to_json
from seqstudio.cli.reporting import Quiet
from seqstudio.cli.running import follow, leave
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.bundle_files import verify_files


def verify_model(
    studio: Studio, model: str, *, data: Path | None, device: str, as_json: bool
) -> None:
    """Verify a model and say what was compared.

    Raises
    ------
    ModelError
        If a file does not match its hash, or the model is not what its card and golden say.
    """
    return None
