"""The operation `write`: new text, or the continuation of a prompt."""

from collections.abc import Iterator

from seqstudio.api import DataError, Job, Request, Result, SamplingConfig
from seqstudio_text.write.alphabet import Alphabet
from seqstudio_text.write.sampling import continue_text
from seqstudio_text.write.task import write_settings


class Write:
    """Writes text."""

    name = "write"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one text for each take.

        Raises
        ------
        DataError
            If no character of the prompt is in the model's alphabet.
        """
        options, model = request.options, job.model()
        alphabet, prompt = Alphabet(write_settings(model.settings).characters), options["prompt"]
        unknown = sorted(set(prompt) - set(alphabet.characters))
        if unknown and len(unknown) == len(set(prompt)):
            known = alphabet.characters.strip()[:60]
            raise DataError(f"prompt={prompt[:40]!r}, expected characters such as {known}")
        config = SamplingConfig(
            temperature=options["temperature"],
            top_k=options["top_k"],
            top_p=options["top_p"],
            min_p=options["min_p"],
            int8=options["int8"],
        )
        texts = continue_text(
            job, alphabet, prompt, int(options["length"]), request.takes, config, job.progress
        )
        said = f", {' '.join(unknown)} unknown to it" if unknown else ""
        for take, text in zip(request.takes, texts, strict=True):
            yield Result(
                outputs={"text": text + "\n"},
                take=take.number,
                summary=f"{options['length']} characters by {model.name}{said}",
                details={"model": model.name},
            )
