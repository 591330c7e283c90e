"""Complete pages with what a build and a publication show: figures, drawings, column lineage."""

import re
from pathlib import Path, PurePosixPath

from oic_assurance.reporting.documents.marts import marts, views
from oic_assurance.reporting.documents.measures import Measure, measures
from oic_assurance.reporting.documents.models import DbtModel, dbt_models, models_of
from oic_assurance.reporting.documents.pages import DICTIONARY, DRAWING, FIGURE, MEASURES
from oic_assurance.reporting.site.columns import Lineage, mart_section
from oic_assurance.reporting.site.drawing import fill, picture
from oic_assurance.reporting.site.figures import Figures, figure_section
from oic_assurance.reporting.site.lineage import LAYERS, lineage, without_short_cuts
from oic_assurance.reporting.site.pages import DBT_DOCS

#: How much a hit in the page of a measure counts in the search, compared with any other page: if
#: the measure decides the status of its point, and if not.
FIRST_BOOST, BOOST = 8, 4
_MART = "assurance_measure"
#: Matches the headings of a measure's page that are left out of the search, because their long
#: tables repeat what other pages say.
_LONG = re.compile(r"^## (How it is computed|Its tests)$", re.MULTILINE)
#: The columns of the mart that make up the figure of a share, and of a measure in hours.
_SHARE, _HOURS = ("numerator", "denominator"), ("value", "denominator")


class Completion:
    """Completes the pages of measures and marts, from dbt's manifest and a publication."""

    def __init__(self, project_root: Path, dbt: Path, figures: Figures | str) -> None:
        """Read the lineage.

        `dbt` is the folder with dbt's manifest of the compiled project. `figures` are the figures
        to show, or a sentence that says why there are none.

        Raises:
            OSError: If there is no manifest.
            AssuranceError: If a measure or a mart is not described.
        """
        self._figures = figures
        self._models = dbt_models(project_root)
        self._columns = Lineage.of(dbt)
        self.graph = lineage(self._columns.manifest)
        self._measures = {f"{MEASURES}/{one.code}.md": one for one in measures(project_root)}
        computing = {m.name for one in self._measures.values() for m in self._chain(one)}
        self._deciding = self._columns.deciding(self._rules(computing))
        self._marts = {
            f"{DICTIONARY}/{one.place}.md": one
            for one in [*marts(project_root), *views(project_root)]
        }

    def completed(self, page: str, markdown: str) -> str:
        """Return the Markdown of a page, completed. `page` is its path in the folder docs."""
        up = "../" * (len(PurePosixPath(page).parts) - 1)
        if measure := self._measures.get(page):
            figure = figure_section(measure.code, self._figures)
            completed = markdown.replace(FIGURE, figure).replace(DRAWING, self._drawn(measure, up))
            return _LONG.sub(r"\g<0> { data-search-exclude }", completed)
        if mart := self._marts.get(page):
            return markdown + mart_section(mart, self._columns, up, DBT_DOCS)
        return markdown

    def boost(self, page: str) -> float:
        """Return how much a hit in a page counts in the search. For most pages, this is 1."""
        measure = self._measures.get(page)
        if measure is None:
            return 1
        is_first = any(row["measure_code"] == measure.code for row in measure.points)
        return FIRST_BOOST if is_first else BOOST

    def _drawn(self, measure: Measure, up: str) -> str:
        names = {model.name for model in self._chain(measure)}
        part = {node for node in self.graph if node.layer != "raw" and node.name in names}
        part |= {
            parent
            for node in part
            for parent in self.graph.predecessors(node)
            if parent.layer == "raw"
        }
        graph = without_short_cuts(self.graph.subgraph(part))
        links = {model: f"{up}{DBT_DOCS}#!/{model.kind}/{model.key}" for model in graph}
        drawn = picture(graph, f"Models of {measure.title}, from the sources to the mart", links)
        columns = _HOURS if measure.unit == "hours" else _SHARE
        parts = {
            f"`{column}`": self._columns.origin(_MART, column, names).columns for column in columns
        }
        deciding = [one for name in self._rules(names) for one in self._deciding[name]]
        parts["joins and filters"] = self._columns.origin_of(deciding, names).columns
        return fill(
            "measure.md.j2",
            layers=LAYERS,
            drawn=drawn,
            dictionary=f"{DICTIONARY}/marts.{_MART}.md",
            parts=[(part, self._columns.in_words(of, up, DBT_DOCS)) for part, of in parts.items()],
        )

    def _chain(self, measure: Measure) -> list[DbtModel]:
        return models_of(measure, self._models)

    def _rules(self, names: set[str]) -> list[str]:
        return [name for name in names if self._models[name].layer == "intermediate"]
