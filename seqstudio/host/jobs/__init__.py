"""Jobs: their specs, plans and events, the job database, and where inputs and outputs are."""

WORKER_LOG = "worker.log"  # in a job's folder: everything that its workers printed
