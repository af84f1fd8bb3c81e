"""The host: plugin catalogue, jobs, workers, plugin store and the `Studio` facade.

Everything here except `worker/` runs in the front end's process and does not import torch.
"""
