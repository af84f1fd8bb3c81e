"""From the frames of CTC to labels: the beam, with a language model and phrases."""

from dataclasses import dataclass

from torch import Tensor

from seqstudio.api import LoadedModel
from seqstudio.api.nn import Hypothesis, LabelAutomaton, Phrases, best_path, prefix_beam
from seqstudio_speech.language_model import WordModel, model_in
from seqstudio_speech.settings import SpeechSettings
from seqstudio_speech.text import Alphabet

GIVEN_WEIGHT = 0.6  # of a language model that was not chosen for the recogniser
PHRASE_REWARD = 1.5  # nats a character


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """What a user asks of the search; None: as the model's bundle says."""

    beam: int | None = None
    words: WordModel | None = None  # another language model than the bundle's
    no_words: bool = False  # search without a language model
    phrases: tuple[str, ...] = ()
    reward: float = PHRASE_REWARD
    int8: bool = False  # compute the encoder in int8, on the CPU


class Decoder:
    """Searches for labels. What its models have found out stays for the next recording.

    Raises
    ------
    DataError
        If a phrase has characters that the model cannot write.
    """

    def __init__(self, model: LoadedModel, options: SearchOptions) -> None:
        settings: SpeechSettings = model.settings
        self.alphabet = Alphabet(settings)
        self.beam = settings.beam if options.beam is None else options.beam
        self.models: list[LabelAutomaton] = []
        words = options.words or model_in(model.preparation.buffers)
        self.weight = settings.lm_weight or GIVEN_WEIGHT
        self.has_words = words is not None and not options.no_words and self.beam > 1
        self.origin = words.origin if words else ""
        self.phrases, self.reward = options.phrases, options.reward
        if words is not None and self.has_words:
            bonus = settings.word_bonus
            self.models.append(words.automaton(self.alphabet, weight=self.weight, bonus=bonus))
        if options.phrases and self.beam > 1:
            self.models.append(self._phrases(options))

    def _phrases(self, options: SearchOptions) -> LabelAutomaton:
        alphabet = self.alphabet
        encoded = [alphabet.encode(phrase) for phrase in options.phrases if phrase.strip()]
        space = alphabet.encode_space()
        labels = len(alphabet.characters) + 1
        return LabelAutomaton(Phrases(encoded, labels, space=space, reward=options.reward), labels)

    def provenance(self) -> dict[str, object]:
        """Return what decided between hypotheses, for the records of a transcript."""
        found: dict[str, object] = {"beam": self.beam}
        if self.has_words:
            found |= {"language_model": self.origin, "lm_weight": self.weight}
        if self.phrases:
            found |= {"phrases": list(self.phrases), "phrase_reward": self.reward}
        return found

    def search(self, log_probs: Tensor) -> list[Hypothesis]:
        """Return the best labellings of (T, V) log probabilities, the best first."""
        if self.beam == 1:
            return [Hypothesis(best_path(log_probs), 0.0, 0.0)]
        return prefix_beam(log_probs, self.beam, models=self.models)
