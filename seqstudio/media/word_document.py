"""Write a transcript as a Word document (Office Open XML, ECMA-376): a paragraph a segment."""

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from seqstudio.contracts.transcript import Transcript
from seqstudio.media.annotations import segments_with_words, valid_text

NAMESPACE = "http://schemas.openxmlformats.org"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
TYPES = (
    f'{HEAD}<Types xmlns="{NAMESPACE}/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
RELATIONS = (
    f'{HEAD}<Relationships xmlns="{NAMESPACE}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{NAMESPACE}/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
FIXED_DATE = (1980, 1, 1, 0, 0, 0)  # the same transcript gives the same bytes


def write_word_document(transcript: Transcript, path: Path) -> None:
    """Write a title, the notes in italics, and each segment after its time and speaker."""
    paragraphs = [_paragraph(transcript.audio, "<w:b/>")]
    paragraphs += [_paragraph(note, "<w:i/>") for note in transcript.notes]
    for segment in segments_with_words(transcript):
        minutes, seconds = divmod(int(segment.start_s), 60)
        speaker = f" {segment.speaker}:" if segment.speaker else ""
        paragraphs.append(_paragraph(f"[{minutes}:{seconds:02}]{speaker} {segment.text}"))
    document = (
        f'{HEAD}<w:document xmlns:w="{NAMESPACE}/wordprocessingml/2006/main">'
        f"<w:body>{''.join(paragraphs)}</w:body></w:document>"
    )
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": RELATIONS,
        "word/document.xml": document,
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, FIXED_DATE), content, zipfile.ZIP_DEFLATED)


def _paragraph(text: str, style: str = "") -> str:
    run = f"<w:rPr>{style}</w:rPr>" if style else ""
    content = escape(valid_text(text))
    return f'<w:p><w:r>{run}<w:t xml:space="preserve">{content}</w:t></w:r></w:p>'
