"""Jobs: their specs, plans and events, the job database, and where inputs and outputs are."""

WORKER_LOG = "worker.log"  # in a job's folder: everything that its workers printed
KEPT_MODEL = "model"  # in the folder of a `keep` job: the bundle that it makes
