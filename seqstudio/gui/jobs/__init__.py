"""The jobs dock: queued, running and ended jobs."""
