"""How far the workers of a profile are confined on this machine."""

from seqstudio.host.catalogue.catalogue import CACHE, search_path
from seqstudio.host.confinement.status import Confinement, confinement
from seqstudio.host.profile import Profile


def confinement_of(profile: Profile) -> Confinement:
    """Find out what holds, or return what was found since the last restart of the machine.

    Raises
    ------
    ConfigError
        If `limits.json` is damaged.
    """
    cache = profile.home / CACHE / "confinement.json"
    return confinement(cache, search_path(), profile.limits().confine)
