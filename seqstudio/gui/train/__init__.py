"""Training: the form of a run, its ledger, curves and previews."""
