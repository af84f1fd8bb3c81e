"""When the samples are heard that a device asks for."""

BURST = 4  # requests at the start, with which a device fills its buffers
FOLLOW = 0.05  # of the difference from each later request: clocks drift, requests jitter
STALL_S = 0.06  # a request that is later than this comes after a gap in the sound


class DeviceClock:
    """Follows a device by the times of its requests for samples.

    A device asks for its first buffers at once, and for one more whenever it has played one. So the
    first frame is heard at about the first request, and each frame a fixed time after the request
    that the device would have made if it had no buffers.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._requests = 0
        self._first_s = 0.0  # time of the first request
        self._start_s = 0.0  # time at which frame 0 would be asked for by a device without buffers

    def on_request(self, now_s: float, asked: int) -> float:
        """Return when the first frame of a request is heard.

        Parameters
        ----------
        now_s : time of the request
        asked : frames that the device has asked for before
        """
        start_s = now_s - asked / self._rate_hz
        if not self._requests:
            self._first_s = self._start_s = start_s
        elif self._requests < BURST:
            self._start_s = min(self._start_s, start_s)
        elif start_s - self._start_s > STALL_S:
            self._first_s += start_s - self._start_s
            self._start_s = start_s
        else:
            step_s = FOLLOW * (start_s - self._start_s)
            self._start_s += step_s
            self._first_s += step_s
        self._requests += 1
        return self._first_s + asked / self._rate_hz
