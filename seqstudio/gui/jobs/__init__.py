"""The jobs dock: what is queued, running and finished."""
