import stat
from pathlib import Path

import pytest

from seqstudio.cli.doctor import profile_finding
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.limits import Limits
from seqstudio.host.profile import Profile
from seqstudio.host.studio import Studio


def test_a_new_profile_is_for_its_user_alone(tmp_path: Path) -> None:
    profile = Profile(tmp_path / "data" / "seqstudio")
    Catalogue.load(profile)

    assert stat.S_IMODE(profile.home.stat().st_mode) == 0o700
    assert profile_finding(profile).problem == ""


def test_a_folder_that_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o750)
    Profile(tmp_path / "home").create()

    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o750


def test_the_doctor_warns_of_a_profile_that_others_may_write(tmp_path: Path) -> None:
    profile = Profile(tmp_path / "home")
    profile.create()
    profile.home.chmod(0o777)

    assert profile_finding(profile).problem.startswith("other users may write it; chmod go-w")


def test_the_job_database_is_for_its_user_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    Studio(home).jobs.list()

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.glob("jobs.sqlite*")}
    assert set(modes.values()) == {0o600}


def test_a_low_priority_has_longer_limits_of_time() -> None:
    usual, low = Limits(), Limits().at_priority(19)

    assert usual.at_priority(0) == usual
    assert low.start_timeout_s / usual.start_timeout_s == pytest.approx(69, rel=0.01)
    assert low.cancel_timeout_s == usual.cancel_timeout_s
