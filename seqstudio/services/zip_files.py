"""Write zip files: times and modes are fixed, so that equal files give equal bytes."""

import io
import zipfile
from collections.abc import Mapping


def zip_bytes(files: Mapping[str, bytes], *, compress: bool = False) -> bytes:
    """Return a zip of files, in their order.

    Parameters
    ----------
    files : name in the zip -> bytes
    compress : deflate them; what is compressed already is better stored
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)  # dated 1980-01-01
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED)
    return packed.getvalue()
