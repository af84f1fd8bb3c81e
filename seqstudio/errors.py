"""Errors that the person at the keyboard can fix: where, what, value, expected, in a sentence."""


class SeqStudioError(Exception):
    """Something the person at the keyboard can fix; anything else is our bug.

    Takes one string, so that it survives the trip out of a worker process.
    """


class ConfigError(SeqStudioError):
    """A setting is unknown, or out of its range."""


class DataError(SeqStudioError):
    """An input file or data set cannot be read, or does not fit what is asked of it."""


class ModelError(SeqStudioError):
    """A model file is damaged, unsafe, unknown, or made for something else."""


class PluginError(SeqStudioError):
    """A plugin or its manifest breaks the contract."""


class TrainingError(SeqStudioError):
    """Training cannot go on."""


class JobError(SeqStudioError):
    """A job cannot be started, found or carried on."""


class SessionError(SeqStudioError):
    """A session cannot be opened or kept, or an operation does not fit its document."""
