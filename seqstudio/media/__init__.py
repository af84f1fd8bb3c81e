"""Read and write audio, MIDI and transcripts; render MIDI to audio; draw pictures. No torch."""
