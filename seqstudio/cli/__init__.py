"""The command line, drawn from plugin manifests."""
