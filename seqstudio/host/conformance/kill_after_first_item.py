"""Run one job and kill this process with SIGKILL when its first item is done."""

import os
import signal
import sys
from pathlib import Path

from seqstudio.host.jobs.events import ItemDone
from seqstudio.host.jobs.spec import spec_from_text
from seqstudio.host.studio import Studio


def main(home: Path, spec: str) -> None:
    """Run a job in a profile; returns only if no item was done."""
    for event in Studio(home).submit(spec_from_text(spec, "spec")).events():
        if isinstance(event, ItemDone):
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
