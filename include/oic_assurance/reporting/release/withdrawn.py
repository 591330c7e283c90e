"""Write the notice that a release is withdrawn."""

from oic_assurance.formats import long_day
from oic_assurance.publishing.releases import Release
from oic_assurance.reporting.release.render import render


def withdrawn_page(release: Release, standing: Release | None) -> bytes:
    """Return the notice with the reason. `standing` is the release that stands now, if any."""
    return render(
        "withdrawn.html.j2",
        title=f"Release {release.release_id} is withdrawn",
        release=release,
        made=long_day(release.made_at),
        withdrawn=long_day(release.withdrawn_at),
        standing=standing,
        standing_made=long_day(standing.made_at) if standing else "",
        publisher=release.notes["publisher"],
    )
