"""The page of jobs: queued, running and ended jobs."""
