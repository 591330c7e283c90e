"""Describe a release as a `Dataset` of schema.org (JSON-LD), for catalogues and search engines."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from oic_assurance.publishing.release_tables import PERIOD, POSITION
from oic_assurance.publishing.releases import ReleaseContent
from oic_assurance.reporting.release import wording
from oic_assurance.reporting.release.tables import columns_of_figures

NAME = "dataset.jsonld"
#: The media types of the files that people download, keyed by the ends of their names.
TYPES = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/csvm+json",
}


def dataset_file(
    content: ReleaseContent, texts: Mapping[str, Any], files: Mapping[str, bytes]
) -> bytes:
    """Return the description. `files` maps the names of the files to download to their contents."""
    publisher = content.notes["publisher"]
    described: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": texts["title"],
        "description": texts["description"],
        "identifier": wording.identifier(content),
        "version": str(content.release_id),
        "inLanguage": "en-GB",
        "isAccessibleForFree": True,
        "datePublished": wording.released_on(content).isoformat(),
        "creativeWorkStatus": "Draft" if wording.is_draft(content) else "Published",
        "spatialCoverage": {
            "@type": "Place",
            "name": wording.force(content),
            "identifier": content.force_code,
        },
        "measurementTechnique": "Counts of operational records, with disclosure control",
        "variableMeasured": [
            {"@type": "PropertyValue", "name": column.name, "description": column.description}
            for column in columns_of_figures()
        ],
    }
    days = [
        day
        for row in content.tables[PERIOD.name]
        for day in (row["period_start"], row["period_end"])
    ]
    if days:
        described["temporalCoverage"] = f"{min(days).isoformat()}/{max(days).isoformat()}"
    elif content.tables[POSITION.name]:
        described["temporalCoverage"] = content.as_at.date().isoformat()
    if publisher["publisher"]:
        described["publisher"] = described["creator"] = _organisation(publisher)
    if publisher["licence_url"] or publisher["licence"]:
        described["license"] = publisher["licence_url"] or publisher["licence"]
    described["distribution"] = [
        {
            "@type": "DataDownload",
            "name": name,
            "contentUrl": name,
            "encodingFormat": TYPES["." + name.rpartition(".")[2]],
            "contentSize": f"{len(file)} B",
            "sha256": hashlib.sha256(file).hexdigest(),
        }
        for name, file in sorted(files.items())
    ]
    return (json.dumps(described, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _organisation(publisher: Mapping[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {"@type": "Organization", "name": publisher["publisher"]}
    if publisher["publisher_url"]:
        about["url"] = publisher["publisher_url"]
    if publisher["contact"]:
        contact = {"@type": "ContactPoint", "contactType": publisher["contact"]}
        for key, name in (("email", "contact_email"), ("telephone", "contact_phone")):
            if publisher[name]:
                contact[key] = publisher[name]
        about["contactPoint"] = contact
    return about
