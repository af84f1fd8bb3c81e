"""Share of labels that a bag of words gets right, beside `text.classify`, on the same texts.

`python benchmarks/bag_of_words.py FOLDER` reads train.tsv and valid.tsv there (or .gz), and fits
logistic regression to the tf-idf of single words and pairs of words (scikit-learn's defaults).
"""

import sys
from pathlib import Path

from seqstudio_text.labelled import read_labelled
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from seqstudio.api import Ledger


def accuracy(source: Path) -> tuple[float, int]:
    """Return the share of the valid texts with the right label, and how many these are."""
    texts: dict[str, tuple[list[str], list[str]]] = {"train": ([], []), "valid": ([], [])}
    for example in read_labelled(source, Ledger()):
        if example.split in texts:
            texts[example.split][0].append(example.text)
            texts[example.split][1].append(example.label)
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
    model.fit(*texts["train"])
    return float(model.score(*texts["valid"])), len(texts["valid"][0])


if __name__ == "__main__":
    share, count = accuracy(Path(sys.argv[1]))
    print(f"words and pairs, logistic regression: {share:.1%} of {count}")
