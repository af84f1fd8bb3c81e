"""Every audio format is read correctly; each kind of bad file gives a one-line error."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from seqstudio.contracts.audio import AudioSource
from seqstudio.errors import DataError
from seqstudio.media.audio import (
    Audio,
    audio_info,
    mono,
    read_audio,
    read_blocks,
    resample,
    resample_blocks,
    write_wav,
)

RATE = 16000
OPEN_FILES = Path("/proc/self/fd")
FORMATS = {
    "a.wav": {"subtype": "PCM_16"},
    "b.wav": {"subtype": "PCM_U8"},
    "c.wav": {"subtype": "PCM_24"},
    "d.wav": {"subtype": "FLOAT"},
    "e.wav": {"subtype": "DOUBLE"},
    "f.flac": {},
    "g.ogg": {"subtype": "VORBIS"},
    "h.ogg": {"subtype": "OPUS"},
    "i.mp3": {},
    "j.wav": {"format": "RF64"},
    "k.aiff": {},
}


def sine(seconds: float = 1.5, hz: float = 440.0, rate_hz: int = RATE) -> np.ndarray:
    return (0.4 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)).astype("f4")


@pytest.fixture(params=FORMATS)
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path: Path = tmp_path / request.param
    soundfile.write(path, sine(), RATE, **FORMATS[request.param])
    return path


def test_every_format_is_read_with_its_length_rate_and_samples(recording: Path) -> None:
    audio, info = read_audio(recording), audio_info(recording)

    assert (audio.rate_hz, audio.samples.shape) == (RATE, (24000, 1))
    assert audio.samples.dtype == np.float32
    assert (info.duration_s, info.rate_hz, info.channels) == (1.5, RATE, 1)
    middle = audio.samples[4000:20000, 0]
    spectrum = np.abs(np.fft.rfft(middle))
    assert spectrum.argmax() == pytest.approx(440, abs=1)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.4 / np.sqrt(2), rel=0.03)


def test_a_truncated_file_of_any_format_is_refused(recording: Path) -> None:
    content = recording.read_bytes()
    for share in (0.3, 0.6, 0.9):
        recording.write_bytes(content[: int(share * len(content))])
        with pytest.raises(
            DataError, match=rf"{recording.name}: .*cut short.*, expected"
        ) as caught:
            read_audio(recording)
        assert "\n" not in str(caught.value)


def test_bytes_after_the_end_are_ignored(recording: Path) -> None:
    recording.write_bytes(recording.read_bytes() + b"TAG" + bytes(125))

    assert len(read_audio(recording).samples) == 24000


@pytest.mark.parametrize("rate_hz", [8000, 11025, 44100, 96000])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_any_rate_and_channels_become_mono_at_16_khz(
    rate_hz: int, channels: int, tmp_path: Path
) -> None:
    path = tmp_path / "x.wav"
    levels = np.linspace(0, 1, channels, dtype="f4") if channels > 1 else np.ones(1, "f4")
    soundfile.write(path, sine(rate_hz=rate_hz)[:, None] * levels, rate_hz, subtype="FLOAT")
    audio = resample(mono(read_audio(path)), RATE)

    assert len(audio.samples) == pytest.approx(24000, abs=1)
    expected = sine() * levels.mean()
    assert np.abs(audio.samples[1000:23000, 0] - expected[1000:23000]).max() < 2e-3


def test_a_hundredth_of_a_second_and_a_single_sample_are_valid(tmp_path: Path) -> None:
    for count in (160, 1):
        soundfile.write(tmp_path / "s.wav", sine()[:count], RATE)
        assert read_audio(tmp_path / "s.wav").samples.shape == (count, 1)


def test_blocks_add_up_to_the_whole_and_resample_without_discontinuities(tmp_path: Path) -> None:
    path = tmp_path / "x.flac"
    soundfile.write(path, np.stack([sine(rate_hz=44100), -sine(rate_hz=44100)], axis=1), 44100)
    whole = read_audio(path)
    blocks = list(read_blocks(path, 0.2))

    assert [len(block.samples) for block in blocks] == [8820] * 7 + [4410]
    assert np.array_equal(np.concatenate([block.samples for block in blocks]), whole.samples)
    streamed = [block.samples for block in resample_blocks(blocks, RATE)]
    once = resample(whole, RATE).samples
    assert np.abs(np.concatenate(streamed) - once).max() < 1e-5
    assert list(resample_blocks(blocks, 44100)) == blocks


def test_streaming_a_long_file_needs_memory_for_a_few_blocks_only(tmp_path: Path) -> None:
    path = tmp_path / "x.flac"
    soundfile.write(path, np.tile(sine(10), 30), RATE)
    next(resample_blocks(read_blocks(path, 1.0), 8000))  # imports the decoders
    tracemalloc.start()
    total = sum(len(block.samples) for block in resample_blocks(read_blocks(path, 1.0), 8000))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert total == 300 * 8000
    assert peak_bytes < 10 * 4 * RATE  # ten seconds of its five minutes


def test_wav_is_written_in_16_bits_and_loud_samples_are_clipped(tmp_path: Path) -> None:
    loud = Audio(np.array([[0.5, -0.25], [2.0, -2.0]], "f4"), 22050)
    write_wav(tmp_path / "x.wav", loud)
    audio = read_audio(tmp_path / "x.wav")

    assert audio_info(tmp_path / "x.wav").channels == 2
    assert np.allclose(audio.samples, np.array([[0.5, -0.25], [1, -1]]), atol=1e-4)
    assert audio.duration_s == 2 / 22050


def test_a_sample_that_is_not_finite_is_not_written(tmp_path: Path) -> None:
    samples = np.array([[0.0], [np.nan]], np.float32)
    with pytest.raises(DataError, match=r"^sample 1: \[nan\], expected finite numbers$"):
        write_wav(tmp_path / "a.wav", Audio(samples, 16000))
    assert not (tmp_path / "a.wav").exists()


def test_the_format_is_detected_from_the_bytes_and_not_the_suffix(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.mp3", sine(), RATE)
    (tmp_path / "x.mp3").rename(tmp_path / "x.wav")
    assert audio_info(tmp_path / "x.wav").format == "MP3"

    for name in ("t.wav", "t.mp3", "t.ogg", "t.raw", "t.au", "t.vox"):
        (tmp_path / name).write_text("This is a letter to my aunt, not a recording.\n" * 20)
        with pytest.raises(DataError, match=rf"{name}: not audio of a known format, expected"):
            read_audio(tmp_path / name)


def test_a_flac_and_a_wav_of_unknown_length_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.flac"
    soundfile.write(path, sine(), RATE)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    assert (len(read_audio(path).samples), audio_info(path).duration_s) == (24000, 1.5)

    path = tmp_path / "x.wav"
    soundfile.write(path, sine(), RATE)
    content = bytearray(path.read_bytes())
    content[40:44] = b"\xff" * 4
    path.write_bytes(content)
    assert len(read_audio(path).samples) == 24000


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_not_finite_is_refused_with_its_position(
    value: float, tmp_path: Path
) -> None:
    samples = sine()
    samples[4000] = value
    soundfile.write(tmp_path / "x.wav", samples, RATE, subtype="FLOAT")

    where = rf"x\.wav: sample 4000 \(0\.250 s\) is {value}, expected a number"
    with pytest.raises(DataError, match=where):
        read_audio(tmp_path / "x.wav")
    with pytest.raises(DataError, match=where):
        list(read_blocks(tmp_path / "x.wav", 0.1))


@pytest.mark.parametrize("start_s", [0.0005, 0.7, 1.4999])
def test_blocks_from_a_start_time_equal_the_rest_of_the_file(
    recording: Path, start_s: float
) -> None:
    whole = read_audio(recording).samples
    rest = np.concatenate([b.samples for b in read_blocks(recording, 0.2, start_s=start_s)])

    np.testing.assert_allclose(rest, whole[round(start_s * RATE) :], atol=1e-6)


@pytest.mark.parametrize(("start_s", "end_s"), [(0.25, 0.75), (1.2, 9.0), (0.0, 0.5)])
def test_a_part_of_a_recording_is_read_as_a_recording(
    recording: Path, start_s: float, end_s: float
) -> None:
    whole, part = read_audio(recording), AudioSource(recording, start_s=start_s, end_s=end_s)
    expected = whole.samples[round(start_s * whole.rate_hz) : round(end_s * whole.rate_hz)]
    found = read_audio(part)

    np.testing.assert_allclose(found.samples, expected, atol=1e-4)
    assert audio_info(part).duration_s == pytest.approx(found.duration_s, abs=0.1)
    joined = [block.samples for block in read_blocks(part, 0.1)]
    np.testing.assert_array_equal(np.concatenate(joined), found.samples)


def test_a_part_says_which_it_is() -> None:
    assert str(AudioSource(Path("a.wav"))) == "a.wav"
    assert str(AudioSource(Path("a.wav"), start_s=1, end_s=2.5)) == "a.wav from 1.00 to 2.50 s"


def test_there_is_no_block_past_the_end(recording: Path) -> None:
    assert list(read_blocks(recording, 0.2, start_s=9.0)) == []


def test_a_missing_or_empty_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    soundfile.write(tmp_path / "zero.wav", np.zeros(0, "f4"), RATE)
    for name, fault in {
        "none.wav": r"none\.wav: No such file or directory, expected an audio file",
        ".": "a folder, expected an audio file",
        "empty.wav": r"empty\.wav: empty file \(0 bytes\), expected audio",
        "zero.wav": r"zero\.wav: holds no samples, expected at least 1",
    }.items():
        with pytest.raises(DataError, match=fault):
            read_audio(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, sine(), RATE)
    path.chmod(0)
    with pytest.raises(DataError, match=r"x\.wav: Permission denied, expected an audio file"):
        read_audio(path)


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="counts open files in /proc")
def test_a_bad_file_is_closed(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"RIFF" + bytes(60))
    before = len(list(OPEN_FILES.iterdir()))
    for _ in range(5):
        with pytest.raises(DataError, match="expected wav"):
            read_audio(tmp_path / "x.wav")
    assert len(list(OPEN_FILES.iterdir())) == before


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFF000])
@pytest.mark.parametrize(
    "after", [b"", b"LIST\x04\0\0\0INFO", b"bext\x03\0\0\0abc\0id3 \x02\0\0\0xy"]
)
def test_a_wav_without_the_size_of_its_audio_is_read_to_its_end(
    tmp_path: Path, size: int, after: bytes
) -> None:
    path = tmp_path / "crashed.wav"
    soundfile.write(path, sine(), RATE, subtype="PCM_16")
    whole = read_audio(path).samples
    content = path.read_bytes()
    at = content.index(b"data") + 4
    path.write_bytes(content[:at] + size.to_bytes(4, "little") + content[at + 4 :] + after)

    assert np.array_equal(read_audio(path).samples, whole)
    blocks = [block.samples for block in read_blocks(path, 0.7, start_s=0.4)]
    assert np.array_equal(np.concatenate(blocks), whole[6400:])


def test_a_wav_of_no_audio_before_its_last_chunk_has_no_samples(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros((0, 1)), RATE, subtype="PCM_16")
    path.write_bytes(path.read_bytes() + b"LIST\x04\0\0\0INFO")

    with pytest.raises(DataError, match=r"empty\.wav: holds no samples, expected at least 1"):
        read_audio(path)


def test_an_absurd_rate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rate.wav"
    soundfile.write(path, sine(0.1), 8_404_608, subtype="PCM_16")

    with pytest.raises(DataError, match=r"rate\.wav: a rate of 8404608 Hz, expected at most"):
        read_audio(path)
