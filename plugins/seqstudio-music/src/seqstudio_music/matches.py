"""Where the latest tokens stood before: how long they match the past at each lag."""

import torch
from torch import Tensor
from torch.nn import functional

MATCHED_STEPS = (1, 2, 4, 8, 16, 32)  # the lengths at which a match counts as longer
LENGTHS = len(MATCHED_STEPS) + 1  # values of the length of a match
LONG = 3  # the length from which what followed it is a feature of its own: 4 steps


class Matches:
    """How many of the latest tokens equal those `lag` steps before, for each lag up to `longest`.

    A repeated passage is a long match at one lag, and the token that stood there is the likely
    next one: a pointer that finds a return wherever it stands, as the match model of PAQ does
    (Mahoney 2005).

    Parameters
    ----------
    voices : tokens of a step
    longest : lag, in steps
    none : the token that stands for "nothing yet"
    """

    def __init__(self, voices: int, longest: int, none: int) -> None:
        self.voices, self.longest, self.none = voices, longest, none
        self.limits = torch.tensor([steps * voices for steps in MATCHED_STEPS])

    def start(self, rows: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return the state of nothing: (R, longest * S) tokens, and (R, longest) lengths."""
        history = torch.full((rows, self.longest * self.voices), -1, device=device)
        return history, torch.full((rows, self.longest), 0, device=device)

    def advance(self, state: tuple[Tensor, Tensor], tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return the state after (R,) tokens."""
        history, lengths = state
        same = history[:, :: self.voices].flip(1) == tokens[:, None]
        return torch.cat([history[:, 1:], tokens[:, None]], dim=1), (lengths + 1) * same

    def whole(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return the (B, N, longest) tokens at each lag before each token, and the lengths."""
        padded = functional.pad(tokens, (self.longest * self.voices, 0), value=-1)
        windows = padded.unfold(1, self.longest * self.voices, 1)[:, : tokens.shape[1]]
        before = windows[:, :, :: self.voices].flip(2)
        at = torch.arange(tokens.shape[1], device=tokens.device)[None, :, None]
        differs = torch.where(before == tokens[:, :, None], -1, at).cummax(dim=1).values
        return before, functional.pad(at - differs, (0, 0, 1, 0))[:, :-1]

    def before(self, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return what `whole` does, of the next token: (R, longest) each."""
        return state[0][:, :: self.voices].flip(1), state[1]

    def features(self, before: Tensor, lengths: Tensor, lags: Tensor) -> Tensor:
        """Return (..., 2L) features of (..., L) lags.

        Of each lag, in turn: the token there, by whether the match is long; the length. Lags
        outside 1 to `longest` have no token.
        """
        inside = (lags >= 1) & (lags <= self.longest)
        index = (lags - 1).clamp(0, self.longest - 1)
        token = torch.where(inside, before.gather(-1, index), -1)
        matched = torch.where(inside, lengths.gather(-1, index), 0)
        length = torch.bucketize(matched, self.limits.to(matched.device), right=True)
        token = torch.where(token < 0, self.none, token)
        chosen = token + (length >= LONG) * (self.none + 1)
        return torch.stack([chosen, length], dim=-1).flatten(-2)

    def sizes(self) -> tuple[int, int]:
        """Return the number of values of each feature."""
        return 2 * (self.none + 1), LENGTHS
