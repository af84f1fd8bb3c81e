"""What host, services and plugins agree on: frozen dataclasses and protocols, torch-free."""
