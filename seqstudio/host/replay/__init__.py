"""The user's own jobs, run again in a temporary profile: versions compared, a culprit found."""
