"""Catalogue, workers, jobs and the `Studio` facade; its front-end side imports no torch."""
