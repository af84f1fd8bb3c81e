"""Files whose headers lie are read to their end; damage is an error, or is said and passed over."""

import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from seqstudio.contracts.audio import AudioSource
from seqstudio.errors import DamagedError, DataError
from seqstudio.media.audio import audio_info, read_audio, read_blocks
from seqstudio.media.mpeg_frames import frame_header

RATE = 16000


def tone(seconds: float, hz: float = 440.0, *, rate_hz: int = RATE) -> np.ndarray:
    return (0.4 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)).astype("f4")


def noise(seconds: float) -> np.ndarray:
    return (0.2 * np.random.default_rng(0).standard_normal(int(seconds * RATE))).astype("f4")


def encoded(samples: np.ndarray, form: str, subtype: str | None = None, rate: int = RATE) -> bytes:
    """Encode samples in memory; libsndfile numbers the streams of Ogg at random."""
    content = io.BytesIO()
    soundfile.write(content, samples, rate, format=form, subtype=subtype)
    return content.getvalue()


def without_frame_count(mp3: bytes) -> bytes:
    """Return an mp3 without its first frame, which counts the others."""
    header = frame_header(mp3, 0)
    assert header is not None
    assert b"Info" in mp3[: header.length] or b"Xing" in mp3[: header.length]
    return mp3[header.length :]


def variable_mp3(path: Path, seconds: float) -> None:
    """Write an mp3 whose first frames are large and whose later ones are small, without a count.

    A reader that takes the first frames for all of them believes it to be much shorter.
    """
    noise = 0.3 * np.random.default_rng(0).standard_normal(int(seconds / 4 * RATE)).astype("f4")
    content = io.BytesIO()
    with soundfile.SoundFile(
        content, "w", RATE, 1, format="MP3", bitrate_mode="VARIABLE", compression_level=0.1
    ) as file:
        file.write(np.concatenate([noise, np.zeros(int(seconds * 3 / 4 * RATE), "f4")]))
    path.write_bytes(without_frame_count(content.getvalue()))


needs_pyav = pytest.mark.skipif(
    importlib.util.find_spec("av") is None, reason="needs the extra `video` (PyAV)"
)


def loudest_hz(samples: np.ndarray) -> int:
    return int(np.abs(np.fft.rfft(samples[:, 0])).argmax() * RATE / len(samples))


def test_an_mp3_of_variable_rate_that_does_not_count_its_frames_is_read_to_its_end(
    tmp_path: Path,
) -> None:
    variable_mp3(tmp_path / "x.mp3", 8)
    with soundfile.SoundFile(tmp_path / "x.mp3") as file:
        assert file.frames < 5 * RATE  # what libsndfile believes

    assert len(read_audio(tmp_path / "x.mp3").samples) / RATE == pytest.approx(8, abs=0.15)
    assert audio_info(tmp_path / "x.mp3").duration_s == pytest.approx(8, abs=0.15)


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("between", [b"", b"TAG" + bytes(125), b"ID3\4\0\0\0\0\0\x0a" + bytes(10)])
def test_joined_mp3s_are_read_one_after_another(
    tmp_path: Path, *, counted: bool, between: bytes
) -> None:
    parts = [encoded(tone(2, hz), "MP3") for hz in (440, 880)]
    if not counted:
        parts = [without_frame_count(part) for part in parts]
    (tmp_path / "x.mp3").write_bytes(between.join(parts))
    samples = read_audio(tmp_path / "x.mp3").samples

    assert len(samples) / RATE == pytest.approx(4, abs=0.3)
    assert abs(loudest_hz(samples[: RATE * 3 // 2]) - 440) < 3
    assert abs(loudest_hz(samples[-RATE:]) - 880) < 3
    assert bool(audio_info(tmp_path / "x.mp3").notes) == counted


def test_joined_mp3s_of_two_rates_get_the_rate_of_the_first(tmp_path: Path) -> None:
    second = encoded(tone(1, rate_hz=24000), "MP3", rate=24000)
    (tmp_path / "x.mp3").write_bytes(encoded(tone(1), "MP3") + second)
    audio = read_audio(tmp_path / "x.mp3")

    assert (audio.rate_hz, round(audio.duration_s, 1)) == (RATE, 2.1)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_chained_ogg_is_read_to_its_last_stream(tmp_path: Path, subtype: str) -> None:
    links = [encoded(tone(1.5, hz), "OGG", subtype) for hz in (440, 880, 220)]
    (tmp_path / "radio.ogg").write_bytes(b"".join(links))
    audio, info = read_audio(tmp_path / "radio.ogg"), audio_info(tmp_path / "radio.ogg")

    assert (audio.duration_s, info.duration_s) == (4.5, 4.5)
    assert info.notes == ("3 streams chained in one file",)
    assert [abs(loudest_hz(audio.samples[a : a + RATE]) - hz) < 3 for a, hz in
            ((4000, 440), (28000, 880), (52000, 220))] == [True] * 3  # fmt: skip
    for start_s in (0.5, 2.0, 3.5):
        rest = [
            block.samples for block in read_blocks(tmp_path / "radio.ogg", 0.7, start_s=start_s)
        ]
        np.testing.assert_allclose(
            np.concatenate(rest), audio.samples[round(start_s * RATE) :], atol=1e-5
        )


def test_chained_streams_may_differ_in_rate_and_channels(tmp_path: Path) -> None:
    stereo = np.stack([tone(1, rate_hz=44100)] * 2, axis=1)
    second = encoded(stereo, "OGG", "VORBIS", 44100)
    (tmp_path / "x.ogg").write_bytes(encoded(tone(1), "OGG", "VORBIS") + second)

    assert read_audio(tmp_path / "x.ogg").samples.shape == (2 * RATE, 1)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_ogg_whose_end_is_not_marked_is_read(tmp_path: Path, subtype: str) -> None:
    content = encoded(noise(10), "OGG", subtype)
    (tmp_path / "x.ogg").write_bytes(content[: content.rindex(b"OggS")])

    assert 8 * RATE < len(read_audio(tmp_path / "x.ogg").samples) <= 10 * RATE
    assert "its end is not marked" in audio_info(tmp_path / "x.ogg").notes[0]


def test_a_page_lost_in_the_middle_of_ogg_is_said_with_its_seconds(tmp_path: Path) -> None:
    content = encoded(noise(10), "OGG", "VORBIS")
    starts = [at for at in range(len(content)) if content.startswith(b"OggS", at)]
    (tmp_path / "x.ogg").write_bytes(content[: starts[4]] + content[starts[5] :])

    with pytest.raises(DamagedError, match=r"pages are missing in it, \d\.\d\d s are lost"):
        read_audio(tmp_path / "x.ogg")
    said: list[str] = []
    assert (
        len(read_audio(AudioSource(tmp_path / "x.ogg", on_damage=said.append)).samples) > 5 * RATE
    )
    assert said


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_a_flac_with_a_false_total_is_read_to_its_true_end(tmp_path: Path, factor: float) -> None:
    content = bytearray(encoded(tone(2.5), "FLAC"))
    content[21] &= 0xF0
    content[22:26] = int(2.5 * RATE * factor).to_bytes(4)
    (tmp_path / "x.flac").write_bytes(content)

    assert read_audio(tmp_path / "x.flac").duration_s == 2.5
    info = audio_info(tmp_path / "x.flac")
    assert info.duration_s == 2.5
    assert info.notes == (f"its header declares {int(40000 * factor)} samples, it holds 40000",)


def test_a_flac_is_read_as_far_as_its_damage(tmp_path: Path) -> None:
    content = bytearray(encoded(noise(10), "FLAC"))
    content[len(content) // 2 : len(content) // 2 + 2000] = bytes(2000)
    (tmp_path / "x.flac").write_bytes(content)

    with pytest.raises(DamagedError, match=r"x\.flac: damaged or cut short after [45]\.\d\d s"):
        read_audio(tmp_path / "x.flac")
    said: list[str] = []
    held = read_audio(AudioSource(tmp_path / "x.flac", on_damage=said.append))
    assert 4 < held.duration_s < 6
    assert said == [f"damaged or cut short after {held.duration_s:.2f} s (Error : flac decoder lost"
                    f" sync), {10 - held.duration_s:.2f} s are lost"]  # fmt: skip


CUT = {
    "x.wav": ("WAV", "PCM_16"),
    "x.au": ("AU", "PCM_16"),
    "x.w64": ("W64", "PCM_16"),
    "x.aiff": ("AIFF", "PCM_16"),
    "x.caf": ("CAF", "PCM_16"),
    "x.flac": ("FLAC", "PCM_16"),
    "x.mp3": ("MP3", None),
    "x.ogg": ("OGG", "VORBIS"),
    "x.opus": ("OGG", "OPUS"),
}


@pytest.mark.parametrize("name", CUT)
def test_a_cut_file_is_refused_or_read_as_far_as_it_goes(tmp_path: Path, name: str) -> None:
    form, subtype = CUT[name]
    content = encoded(noise(10), form, subtype)
    (tmp_path / name).write_bytes(content[: len(content) * 6 // 10])

    with pytest.raises(DamagedError, match=rf"{name}: .*cut short.* s are lost, expected a whole"):
        read_audio(tmp_path / name)
    said: list[str] = []
    held = read_audio(AudioSource(tmp_path / name, on_damage=said.append))
    assert held.duration_s == pytest.approx(6, abs=1.3)  # a page of Ogg may last a second
    (sentence,) = dict.fromkeys(said)
    lost_s = float(sentence.partition(" s are lost")[0].rpartition(" ")[2])
    assert held.duration_s + lost_s == pytest.approx(10, abs=0.3) or form == "OGG"


@pytest.mark.parametrize(("form", "subtype"), [("WAV", "PCM_24"), ("CAF", "PCM_16")])
def test_samples_that_look_like_frames_of_an_mp3_are_samples(
    tmp_path: Path, form: str, subtype: str
) -> None:
    path = tmp_path / "x.wav"
    content, mp3 = encoded(tone(3), form, subtype), encoded(tone(1), "MP3", "MPEG_LAYER_III")
    path.write_bytes(content[:9000] + 2 * mp3 + content[9000 + 2 * len(mp3) :])

    assert audio_info(path).notes == ()
    assert audio_info(path).format == form
    assert np.array_equal(read_audio(path).samples, soundfile.read(path, always_2d=True)[0])


def test_a_whole_file_is_never_called_damaged(tmp_path: Path) -> None:
    for number, (name, (form, subtype)) in enumerate(CUT.items()):
        for seconds in (0.05, 3.3):
            path = tmp_path / f"{number}-{name}"
            path.write_bytes(encoded(tone(seconds), form, subtype))
            assert read_audio(path).duration_s == pytest.approx(seconds, abs=0.15)
            assert audio_info(path).notes == ()


def video(path: Path, *, tracks: int = 1, codec: str = "aac") -> None:
    import av

    with av.open(str(path), "w") as container:
        streams = [container.add_stream(codec, rate=RATE, layout="mono") for _ in range(tracks)]
        for number, stream in enumerate(streams):
            samples = tone(2, 440 * (number + 1))
            for at in range(0, len(samples), 1024):
                part = np.ascontiguousarray(samples[None, at : at + 1024])
                frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = RATE, at
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))


@needs_pyav
@pytest.mark.parametrize("name", ["x.m4a", "x.mp4", "x.mkv"])
def test_ffmpeg_opens_what_libsndfile_does_not(tmp_path: Path, name: str) -> None:
    video(tmp_path / name)
    audio = read_audio(tmp_path / name)

    assert audio.duration_s == pytest.approx(2, abs=0.15)
    assert abs(loudest_hz(audio.samples[4000:28000]) - 440) < 3


@needs_pyav
def test_a_track_is_chosen_by_its_number(tmp_path: Path) -> None:
    video(tmp_path / "x.mkv", tracks=2)

    assert audio_info(tmp_path / "x.mkv").notes == ("2 audio tracks, track 1 is read",)
    for track in (1, 2):
        samples = read_audio(AudioSource(tmp_path / "x.mkv", track=track)).samples
        assert abs(loudest_hz(samples[4000:28000]) - 440 * track) < 3
    with pytest.raises(DataError, match=r"x\.mkv: track 3, expected 1 to 2"):
        read_audio(AudioSource(tmp_path / "x.mkv", track=3))


@needs_pyav
def test_ffmpeg_opens_no_list_of_other_files(tmp_path: Path) -> None:
    video(tmp_path / "secret.m4a")
    (tmp_path / "x.m4a").write_text("ffconcat version 1.0\nfile secret.m4a\n")
    (tmp_path / "y.m4a").write_text("#EXTM3U\n#EXTINF:2,\nsecret.m4a\n#EXT-X-ENDLIST\n")

    for name in ("x.m4a", "y.m4a"):
        with pytest.raises(DataError, match="not audio of a known format"):
            read_audio(tmp_path / name)


@needs_pyav
def test_an_encoding_that_ffmpeg_does_not_know_is_refused_by_name(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.zeros(RATE), RATE, subtype="PCM_16")
    content = bytearray((tmp_path / "x.wav").read_bytes())
    content[32:36] = bytes(4)  # the bytes of a frame, and the bits of a sample
    (tmp_path / "x.wav").write_bytes(content)

    with pytest.raises(DataError, match=r"x\.wav: an unknown encoding, expected"):
        read_audio(tmp_path / "x.wav")


def test_without_pyav_its_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqstudio.media.audio_ffmpeg.is_installed", lambda: False)
    (tmp_path / "x.m4a").write_bytes(bytes(4) + b"ftypM4A " + bytes(100))

    with pytest.raises(DataError, match=r"x\.m4a: \.m4a needs PyAV, .*seqstudio\[video\]"):
        read_audio(tmp_path / "x.m4a")


def test_a_tag_that_is_cut_short_is_no_audio(tmp_path: Path) -> None:
    (tmp_path / "x.mp3").write_bytes(b"ID3\4\0")

    with pytest.raises(DataError, match=r"x\.mp3: .*expected"):
        read_audio(tmp_path / "x.mp3")
