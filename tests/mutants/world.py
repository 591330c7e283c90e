"""A small made-up force, called a world, whose marts agree with the oracle.

A mutant is noticed if these marts change when they are built with the mutant.
"""

import dataclasses
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from oic_assurance.builds.dbt import run_dbt
from oic_assurance.builds.record import ROLE
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse.connections import connect
from tests.mutants.mutants import Mutant, holds, unmarked
from tests.oracle.runner import CommandLine, Rounds, prepare
from tests.oracle.world import make_world

SEED = 1
MOMENTS = ("2026-06-20T05:30", "2025-12-20T12:00", "2026-05-01T00:00")
PATIENCE = "20s"
#: The compared columns of each mart. The oracle determines the values of all of them. Pseudonyms
#: are not among them, so officers are compared by their other columns.
COMPARED = {
    "fct_nccu_referral": (
        "referral_ref, occurrence_ref, contacted_at, channel, referral_type, org_unit_code, "
        "intelligence_class, link_method, report_urn, hours_to_submission, is_counted"
    ),
    "fct_oic_incident": (
        "occurrence_ref, reported_at, detection_route, district_code, persons_count"
    ),
    "fct_intelligence_report": (
        "report_urn, submitted_at, status, grading_scheme, is_graded_validly, handling_code"
    ),
    "assurance_measure": (
        "measure_code, point_code, period_start, org_unit_code, numerator, denominator, value, "
        "ci_low, ci_high"
    ),
    "assurance_position": (
        "point_code, status, numerator, denominator, value, ci_low, ci_high, deadline, "
        "days_to_deadline, value_at_deadline, status_at_deadline, force_self_assessment, "
        "commissioner_judgement, source_status"
    ),
    "fct_plan_strand": "strand, is_met",
    "fct_training_requirement": (
        "requirement_code, org_unit_code, is_in_post, is_long_term_absent, is_complete, "
        "completed_on"
    ),
    "source_freshness": "dataset, verdict",
}
#: For each mart, the rows that are not compared because the oracle does not determine them: figures
#: with a denominator of 0, and officers who are not in post.
LEFT_OPEN = {"assurance_measure": "denominator = 0", "fct_training_requirement": "not is_in_post"}
_RELATION = re.compile(r'"[^"]+"\."([^"]+)"\."([^"]+)"')
#: The schema with the rows of the compared publication. They are the same with every mutant.
COMPARED_WITH = "compared_with"
Marts = dict[str, str]


@dataclasses.dataclass(frozen=True)
class Moment:
    """The build of the world as at one moment.

    `schema` is the schema with the tables of the unchanged models. `marts` maps the name of each
    mart in this schema to the mart's fingerprint.
    """

    schema: str
    build_id: int
    marts: Marts


class World:
    """The world, in which the compared marts can be built with and without a mutant."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._home = home
        self._command_line = CommandLine(home)
        self._settings = dataclasses.replace(
            load_settings(),
            home=self._command_line.state,
            dropzone=f"file://{self._command_line.dropzone}",
            pg_port=None,
        )

    def start(self, project: Path) -> None:
        """Make the world or use an existing one, start its server, and build the unchanged models.

        `project` is the folder with a copy of the dbt project in which every place that can be
        changed is marked.
        """
        builds = _run(self._command_line, self._home)
        self._sql, self._parents = _compiled(self._settings, project)
        self.moments = [self._unchanged(number, build) for number, build in enumerate(builds)]

    def stop(self) -> None:
        """Stop the server. The world's files are kept, so the next start need not make them."""
        self._command_line.call("db", "stop")

    def judge(self, mutant: Mutant) -> str:
        """Build the marts with a mutant, as at each moment. Compare them with the unchanged marts.

        Returns the name of the first mart that differs, with the moment, or the error if the models
        cannot be built. Returns an empty string if all marts are equal.
        """
        changed = {name for name, text in self._sql.items() if holds(text, mutant)}
        rebuilt = [name for name in self._sql if changed & ({name} | self._above(name))]
        for moment, as_at in zip(self.moments, MOMENTS, strict=True):
            with connect(self._settings, role=ROLE) as warehouse:
                try:
                    _begin(warehouse, "mutant")
                    self._build(warehouse, moment, "mutant", rebuilt, mutant)
                    other = _marts(warehouse, "mutant", [n for n in rebuilt if n in COMPARED])
                except psycopg.Error as error:
                    return f"as at {as_at} it cannot be built: {str(error).splitlines()[0]}"
                finally:
                    warehouse.rollback()
            for name, content in other.items():
                if content != moment.marts[name]:
                    return f"{name} as at {as_at}"
        return ""

    def _above(self, name: str) -> set[str]:
        found = set(self._parents[name])
        for parent in self._parents[name]:
            found |= self._above(parent)
        return found

    def _unchanged(self, number: int, build_id: int) -> Moment:
        moment = Moment(f"unchanged_{number}", build_id, {})
        with connect(self._settings, role=ROLE) as warehouse:
            drop = sql.SQL("drop schema if exists {} cascade")
            warehouse.execute(drop.format(sql.Identifier(moment.schema)))
            _begin(warehouse, moment.schema)
            self._build(warehouse, moment, moment.schema, list(self._sql))
            moment.marts.update(_marts(warehouse, moment.schema, list(COMPARED)))
        return moment

    def _build(
        self,
        warehouse: psycopg.Connection,
        moment: Moment,
        schema: str,
        names: list[str],
        mutant: Mutant | None = None,
    ) -> None:
        """Build the models `names` into a schema, in the order of the list.

        If one of them reads a model that is not in the list, it reads that model's table in
        `moment.schema`, which was built without a mutant.
        """

        def place(found: re.Match[str]) -> str:
            of, name = found.groups()
            if name == "build":
                return f"(select * from audit.build where build_id <= {moment.build_id})"
            if of == COMPARED_WITH or name not in self._sql:
                return found.group()
            return f"{schema if name in names else moment.schema}.{name}"

        for name in names:
            text = _RELATION.sub(place, unmarked(self._sql[name], mutant))
            warehouse.execute(f"create table {schema}.{name} as {text}".encode())
            warehouse.execute(f"analyze {schema}.{name}".encode())


def _run(command_line: CommandLine, home: Path) -> list[int]:
    """Run the pipeline in the world as at each moment, unless an earlier start has done so.

    Returns the number of the build for each moment.

    Raises:
        ValueError: the marts differ from the oracle.
    """
    done = home / "builds"
    if done.exists():
        command_line.call("db", "start")
        return [int(line) for line in done.read_text().split()]
    rounds = Rounds(prepare(home), make_world(SEED))
    rounds.fill_to(0)
    builds = []
    for moment in MOMENTS:
        for difference in rounds.run(moment):
            if not difference.soft:
                raise ValueError(f"The marts differ from the oracle: {difference}")
        with psycopg.connect(command_line.url("warehouse")) as warehouse:
            row: Any = warehouse.execute("select max(build_id) from audit.build").fetchone()
        builds.append(row[0])
    done.write_text("\n".join(map(str, builds)))
    return builds


def _compiled(settings: Settings, project: Path) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Return the marked SQL of each model that the compared marts need, and the model's parents.

    The parents of a model are the models that it reads. In the result, each model comes after its
    parents.
    """
    marked = dataclasses.replace(settings, project_root=project)
    selection = [f"+{name},resource_type:model" for name in COMPARED]
    with redirect_stdout(StringIO()):  # dbt writes its compiled files here
        compiled = run_dbt(marked, "daily", ["compile", "--select", *selection])
    nodes = [node.node for node in compiled if node.kind == "model"]
    names = {node.unique_id: node.name for node in nodes}
    parents = {
        node.name: {names[parent] for parent in node.depends_on.nodes if parent in names}
        for node in nodes
    }
    texts = {node.name: str(node.compiled_code) for node in nodes}
    ordered: dict[str, str] = {}
    while len(ordered) < len(texts):
        for name, text in texts.items():
            if name not in ordered and parents[name] <= ordered.keys():
                ordered[name] = text
    return ordered, parents


def _begin(warehouse: psycopg.Connection, schema: str) -> None:
    warehouse.execute(f"set local statement_timeout = '{PATIENCE}'".encode())
    warehouse.execute("set local enable_nestloop = off; set local enable_mergejoin = off")
    warehouse.execute(f"create schema {schema}".encode())


def _marts(warehouse: psycopg.Connection, schema: str, names: list[str]) -> Marts:
    """Return a fingerprint of each named mart, computed over its compared columns and rows."""
    found = {}
    for name in names:
        row: Any = warehouse.execute(
            f"""
            select md5(string_agg(mart::text, '|' order by mart::text))
            from (
                select {COMPARED[name]} from {schema}.{name}
                where not ({LEFT_OPEN.get(name, "false")})
            ) as mart
            """.encode()
        ).fetchone()
        found[name] = row[0]
    return found
