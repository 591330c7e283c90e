"""Describe a bundle as an RO-Crate 1.1 (https://w3id.org/ro/crate/1.1)."""

import mimetypes
from collections.abc import Mapping
from pathlib import Path

from oic_assurance.publishing.publication import Publication


def write_crate(folder: Path, publication: Publication, described: Mapping[str, str]) -> None:
    """Write `ro-crate-metadata.json` about the files of a bundle.

    `described` maps the path of each file to what the file is, in words.
    """
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    crate.name = f"OIC assurance, publication {publication.publication_id}"
    crate.description = (
        "The assurance pack of one publication, with the figures, fingerprints, rules, checks, "
        f"decisions and batches (by hash) behind it. As at {publication.as_at.isoformat()}."
    )
    crate.datePublished = publication.published_at
    crate.root_dataset["identifier"] = publication.content_fingerprint
    # An RO-Crate has a field for a licence. The force has the rights in the figures, so the bundle
    # grants no licence.
    crate.license = "The force decides who may use the figures."
    for place, what in sorted(described.items()):
        kind = mimetypes.guess_type(place)[0] or "application/octet-stream"
        crate.add_file(
            str(folder / place),
            dest_path=place,
            properties={"name": what, "encodingFormat": kind},
        )
    crate.metadata.write(folder)
