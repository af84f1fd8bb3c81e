"""Training, sampling, evaluation and model bundles, built on core and contracts."""
