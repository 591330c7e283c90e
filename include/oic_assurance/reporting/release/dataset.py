"""Describe a release as a `Dataset` of schema.org (JSON-LD), for catalogues and search engines."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from oic_assurance.publishing.release_tables import PERIOD, POSITION, RELEASE_TABLES
from oic_assurance.publishing.releases import ReleaseContent
from oic_assurance.reporting.release.csv_files import csv_name

NAME = "dataset.jsonld"
TITLE = "Police response to organised immigration crime: assurance figures"
DESCRIPTION = (
    "Whether a police force does what an inspection asked for about organised immigration crime: "
    "reports to the National Command and Control Unit (NCCU), intelligence plans and training. "
    "The figures are aggregated, and figures that could identify a person are withheld."
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def dataset_file(content: ReleaseContent, files: Mapping[str, bytes], workbook: str) -> bytes:
    """Return the description. `files` maps names to contents. `workbook` names the spreadsheet."""
    publisher = content.notes["publisher"]
    described: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": TITLE,
        "description": DESCRIPTION,
        "identifier": f"oic-assurance-release-{content.release_id}",
        "version": str(content.release_id),
        "inLanguage": "en-GB",
        "isAccessibleForFree": True,
        "datePublished": content.made_at.date().isoformat(),
        "spatialCoverage": {"@type": "Place", "identifier": content.force_code},
        "measurementTechnique": "Counts of operational records, with disclosure control",
        "variableMeasured": [
            {"@type": "PropertyValue", "name": column.name, "description": column.description}
            for column in PERIOD.columns
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
            "encodingFormat": "text/csv" if name.endswith(".csv") else XLSX,
            "contentSize": f"{len(files[name])} B",
            "sha256": hashlib.sha256(files[name]).hexdigest(),
        }
        for name in (*(csv_name(table) for table in RELEASE_TABLES), workbook)
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
