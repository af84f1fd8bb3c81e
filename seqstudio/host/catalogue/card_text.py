"""Format a model's card as text."""

from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.text_format import format_size


def format_metrics(model: FoundModel) -> str:
    """Format the card's metrics: name, value and split of each."""
    return ", ".join(f"{f.name} {f.value:.4g} ({f.split})" for f in model.facts.card.metrics)


def card_rows(model: FoundModel) -> list[tuple[str, object]]:
    """Return the card as rows of label and value, without those that are empty."""
    facts, card = model.facts, model.facts.card
    size = f"{format_size(facts.size)}, {facts.parameters:,} parameters, {', '.join(facts.dtypes)}"
    rows: list[tuple[str, object]] = [
        ("name", model.name),
        ("title", card.title),
        ("about", card.description),
        ("task", facts.task),
        ("from", model.origin),
        ("path", model.path),
        ("size", size),
        ("data", card.data),
        ("source", card.source),
        ("licence", card.licence),
        ("made by", card.command),
        ("started from", f"{card.base} ({card.base_sha256[:12]})" if card.base else ""),
        ("adapter of", facts.config.base.name if facts.config.base else ""),
        ("training", f"{card.training_minutes:.0f} min, {card.steps} steps; {card.machine}"),
        ("figures", format_metrics(model)),
        ("sha256", model.sha256),
    ]
    rows += [("note", note) for note in card.remarks]
    return [row for row in rows if row[1]]
