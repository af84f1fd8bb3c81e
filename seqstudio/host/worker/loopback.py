"""A rendezvous for torchrun that listens on loopback; torchrun's own listen on every network."""

import socket

from torch import distributed
from torch.distributed.elastic.rendezvous import (
    RendezvousHandler,
    RendezvousInfo,
    RendezvousParameters,
    RendezvousStoreInfo,
    rendezvous_handler_registry,
)

ADDRESS = "127.0.0.1"
BACKEND = "loopback"


class LoopbackRendezvous(RendezvousHandler):
    """The rendezvous of one machine with itself, at a port that the system chooses."""

    def __init__(self, parameters: RendezvousParameters) -> None:
        self._run_id = parameters.run_id
        listener = socket.create_server((ADDRESS, 0))
        self._port = listener.getsockname()[1]
        # torch has both stores as attributes, which its type stubs do not export
        self._store = distributed.TCPStore(  # type: ignore[attr-defined]
            ADDRESS,
            self._port,
            is_master=True,
            wait_for_workers=False,
            master_listen_fd=listener.detach(),  # the store closes it
        )

    @property
    def use_agent_store(self) -> bool:
        """Whether ranks use this store too: yes, so that none of them listens for the others."""
        return True

    def get_backend(self) -> str:
        """Return the name of this kind of rendezvous."""
        return BACKEND

    def next_rendezvous(self) -> RendezvousInfo:
        """Return the store, and that this machine is the only one."""
        where = RendezvousStoreInfo(ADDRESS, self._port)
        store = distributed.PrefixStore(self._run_id, self._store)  # type: ignore[attr-defined]
        return RendezvousInfo(store, 0, 1, where)

    def is_closed(self) -> bool:
        """Return False: it lasts as long as the process."""
        return False

    def set_closed(self) -> None:
        """Do nothing."""

    def num_nodes_waiting(self) -> int:
        """Return 0: no machine can join."""
        return 0

    def get_run_id(self) -> str:
        """Return the name of the training."""
        return self._run_id

    def shutdown(self) -> bool:
        """Return that nothing is left to do."""
        return True


def register() -> None:
    """Let torchrun know this kind of rendezvous, as `--rdzv-backend=loopback`."""
    rendezvous_handler_registry.register(BACKEND, LoopbackRendezvous)
