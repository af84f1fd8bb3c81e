"""The command line; the commands of operations are built from plugin manifests."""
