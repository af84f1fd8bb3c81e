"""Errors that the user can fix. The message says where, what, the value and what was expected."""


class SeqStudioError(Exception):
    """An error that the user can fix; any other exception is a bug in SeqStudio.

    It takes one string, so that it can be pickled in one process and raised in another.
    """


class ConfigError(SeqStudioError):
    """A setting is unknown, or out of its range."""


class DataError(SeqStudioError):
    """An input file or data set cannot be read, or does not fit the request."""


class DamagedError(DataError):
    """An input file is damaged or cut short, but a part of it can be read."""


class ModelError(SeqStudioError):
    """A model file is damaged, unsafe, unknown, or made for something else."""


class PluginError(SeqStudioError):
    """A plugin or its manifest breaks the contract."""


class TrainingError(SeqStudioError):
    """Training cannot continue."""


class JobError(SeqStudioError):
    """A job cannot be started, found or continued."""


class SessionError(SeqStudioError):
    """A session cannot be opened or saved, or an operation does not fit its document."""
