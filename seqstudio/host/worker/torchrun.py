"""torchrun in a process of its own: starts the ranks of a training, and ends all if one fails.

Ranks live in their own sessions and inherit no pipe. The worker starts this process, with an
explicit import path, as itself was started.
"""

import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from seqstudio.host.worker.parent import exit_with_parent
from seqstudio.services.atomic_files import json_bytes, write_atomic

ENTRY = "seqstudio.host.worker.rank"
BOOTSTRAP = (
    "import json, sys; folder, parent, sys.path[:] = json.loads(sys.argv[1]); "
    f"from {ENTRY} import main; main(folder, parent)"
)
FLAGS = ("-I", "-S", "-B", "-u", "-X", "faulthandler")
FAILURES = "failures.json"  # how each failed rank ended: rank -> exit status or signal


def main(folder: str, parent: int, options: Sequence[str]) -> None:
    """Run the ranks to their end; exit with status 1 if one has failed.

    Parameters
    ----------
    folder : with the files of this training's processes
    parent : the worker's process id
    options : of torchrun
    """
    exit_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C goes to the front end, which cancels
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import parse_args, run

    from seqstudio.host.worker import loopback

    loopback.register()
    argument = json.dumps([folder, os.getpid(), sys.path])
    command = ["--no-python", sys.executable, *FLAGS, "-c", BOOTSTRAP, argument]
    try:
        run(parse_args([*options, *command]))
    except ChildFailedError as error:
        ended = {
            rank: failure.signal_name() if failure.exitcode < 0 else str(failure.exitcode)
            for rank, failure in error.failures.items()
        }
        write_atomic(Path(folder) / FAILURES, json_bytes(ended))
        sys.exit(1)
