"""The types shared by host, services and plugins: dataclasses and protocols. Torch-free."""
