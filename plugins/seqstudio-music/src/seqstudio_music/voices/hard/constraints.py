"""Rules together: whether any result meets them, which of them clash, and what a take may do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seqstudio.api import ConfigError
from seqstudio_music.voices.hard.automaton import Automaton
from seqstudio_music.voices.hard.rules import Rule
from seqstudio_music.voices.hard.space import Space
from seqstudio_music.voices.tokens import NONE, Held, Values


@dataclass(frozen=True)
class Start:
    """Where sampling begins: a step, what each voice sounds before it, and the bar's notes."""

    step: int
    sounding: tuple[int, ...]
    began: tuple[int, ...]  # how many notes of each voice began in the bar of `step` before it

    @classmethod
    def after(cls, space: Space, values: Values, held: Held) -> "Start":
        """Return the start after (T0, S) values of a prompt."""
        step, voices = len(values), len(space.values)
        if not step:
            return cls(0, (NONE,) * voices, (0,) * voices)
        bar_of = space.grid.bar_of
        same_bar = bar_of[:step] == (bar_of[step] if step < space.grid.steps else -1)
        began = ((values != NONE) & ~held)[same_bar].sum(axis=0)
        return cls(step, tuple(values[-1].tolist()), tuple(began.tolist()))


class Constraints:
    """Rules that some result meets.

    Raises
    ------
    ConfigError
        If none does: the least set of rules that clash is named.
    """

    def __init__(self, rules: Sequence[Rule], space: Space, start: Start) -> None:
        self.rules, self.space, self.start = tuple(rules), space, start
        self.automata = open_automata(rules, space, start)
        if not self.automata:
            raise ConfigError(f"{clash_text(clashing(rules, space, start))}, expected others")
        self.fork = _first_difference([one.space for one in self.automata])

    def allowed(self, step: int, voice: int, states: "States") -> Tensor:
        """Return the (V,) tokens of a voice after which the rest can still meet every rule."""
        found = torch.zeros(self.space.layout.vocabulary, dtype=torch.bool)
        for automaton in self.automata:
            if all(automaton.accepts(*one) for one in states.since(self.fork)):
                found |= automaton.allowed(step, voice, states.sounding, states.began)
        return found

    def began(self, step: int, onsets: Callable[[int, int], Sequence[int]]) -> list[int]:
        """Return how many notes of each voice began in the bar of a step before it.

        Only the voice whose notes are counted is asked: `onsets` returns the steps in which a voice
        began a note, from a step on.
        """
        counts, density = [0] * len(self.space.values), self.automata[0].space.density
        if density is not None:
            start = self.space.grid.bar_slices[int(self.space.grid.bar_of[step])].start
            counts[density.voice] = sum(at < step for at in onsets(density.voice, start))
        return counts

    def certificate(self, values: Values, held: Held) -> dict[str, bool]:
        """Return of each rule whether a result meets it, found from its notes alone."""
        return {rule.text: rule.holds(self.space, values, held) for rule in self.rules}


@dataclass(frozen=True)
class States:
    """What a take sounds in the middle of a step, and what it sounded before."""

    sounding: Sequence[int]  # of each voice now
    began: Sequence[int]  # notes of each voice in the bar so far
    past: Sequence[tuple[int, int, int]]  # (step, voice, value) of the latest tokens, in order

    def since(self, step: int) -> list[tuple[int, int, int]]:
        """Return what voices sounded from a step on."""
        return [one for one in self.past if one[0] >= step]


def open_automata(rules: Sequence[Rule], space: Space, start: Start) -> list[Automaton]:
    """Return the automata of the rules' spaces that some result passes through."""
    spaces = [space]
    for rule in rules:
        spaces = [new for one in spaces for new in rule.narrow(one.copied())]
    automata = [Automaton(one) for one in spaces]
    return [one for one in automata if one.is_open(start.step, start.sounding, start.began)]


def clashing(rules: Sequence[Rule], space: Space, start: Start) -> list[Rule]:
    """Return the rules that clash: without any one of them there is a result that meets the rest.

    Each rule in turn is left out for good if the others still clash (deletion filtering, Chinneck
    and Dravnieks 1991).
    """
    left = list(rules)
    for rule in rules:
        others = [one for one in left if one is not rule]
        if not open_automata(others, space, start):
            left = others
    return left


def clash_text(rules: Sequence[Rule]) -> str:
    """Return the rules in words."""
    return f"constraints clash: {'; '.join(rule.text for rule in rules)}"


def _first_difference(spaces: Sequence[Space]) -> int:
    """Return the first step in which spaces differ; their number of steps if none does."""
    first = spaces[0]
    differs = np.zeros(first.grid.steps, dtype=np.bool_)
    for other in spaces[1:]:
        for one, two in zip(first.values, other.values, strict=True):
            differs |= (one != two).any(axis=1)
    return int(differs.argmax()) if differs.any() else first.grid.steps
