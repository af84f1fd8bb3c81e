"""The worker process: loads plugins and models, and runs operations and trainings."""
