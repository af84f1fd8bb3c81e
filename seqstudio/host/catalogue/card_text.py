"""A model's card in words, for every front end."""

from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.text_format import size


def figures(model: FoundModel) -> str:
    """Say the card's figures: name, value, split."""
    return ", ".join(f"{f.name} {f.value:.4g} ({f.split})" for f in model.facts.card.figures)


def card_rows(model: FoundModel) -> list[tuple[str, object]]:
    """Give the card as rows; what it leaves open is left out."""
    facts, card = model.facts, model.facts.card
    rows: list[tuple[str, object]] = [
        ("name", model.name),
        ("title", card.title),
        ("about", card.description),
        ("task", facts.task),
        ("from", model.origin),
        ("path", model.path),
        ("size", f"{size(facts.size)}, {facts.parameters:,} parameters, {', '.join(facts.dtypes)}"),
        ("data", card.data),
        ("source", card.source),
        ("licence", card.licence),
        ("made by", card.command),
        ("training", f"{card.training_minutes:.0f} min, {card.steps} steps; {card.machine}"),
        ("figures", figures(model)),
        ("sha256", model.sha256),
    ]
    rows += [("note", note) for note in card.notes]
    return [row for row in rows if row[1]]
