"""The first code of a worker's process: guard it, confine it, and only then import the rest."""

import json
import os
from importlib import import_module

from seqstudio.host.confinement.confine import confine
from seqstudio.host.confinement.guardian import start_guarded
from seqstudio.host.confinement.policy import Policy
from seqstudio.host.confinement.priority import lower_priority
from seqstudio.host.confinement.refusals import RefusalLog, watch


def start(settings: int) -> None:
    """Become a worker.

    Parameters
    ----------
    settings : descriptor of a file with JSON: the socket's descriptor, the niceness, the policy;
        the guardian leaves its report there
    """
    with os.fdopen(settings, closefd=False) as file:
        file.seek(0)
        descriptor, nice, policy = json.load(file)
    start_guarded(descriptor, settings)
    lower_priority(nice)
    allowed, refusals = confine(Policy(**policy)), RefusalLog()
    watch(allowed, refusals)
    import_module("seqstudio.host.worker.main").main(descriptor, refusals)
