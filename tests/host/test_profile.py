import stat
from pathlib import Path

from seqstudio.cli.doctor import profile_finding
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.profile import Profile


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
