"""Find calls of the project's macros with too few arguments.

If an argument is missing, Jinja calls the macro all the same, and renders the argument as an empty
text. dbt then reads the project without a complaint, and only the database refuses the SQL.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from oic_assurance.errors import AssuranceError

if TYPE_CHECKING:
    from jinja2 import nodes

#: The prefixes of macros that `adapter.dispatch` chooses from.
_DISPATCHED = ("default__", "postgres__", "spark__")


def check_macro_calls(project: Path) -> None:
    """Check that each call of a macro in a dbt project has every argument that the macro needs.

    A file that is not a Jinja template is left out: dbt says what is wrong with it.

    Raises:
        AssuranceError: A call lacks an argument. The message names file, line, macro and argument.
    """
    from dbt_common.clients.jinja import get_environment
    from jinja2 import TemplateSyntaxError, nodes

    environment = get_environment(None, capture_macros=False)
    templates = {}
    for folder in ("macros", "models", "tests"):
        for file in sorted((project / folder).rglob("*.sql")):
            try:
                templates[file] = environment.parse(file.read_text(encoding="utf-8"))
            except TemplateSyntaxError:
                continue
    # dbt gives a macro the name `dbt_macro__` and the name in its file.
    needed = {
        macro.name.removeprefix("dbt_macro__"): [
            argument.name for argument in macro.args[: len(macro.args) - len(macro.defaults)]
        ]
        for template in templates.values()
        for macro in template.find_all(nodes.Macro)
    }
    for file, template in templates.items():
        for call in template.find_all(nodes.Call):
            if call.dyn_args is not None or call.dyn_kwargs is not None:
                continue
            given = {keyword.key for keyword in call.kwargs}
            for name in _called(call):
                missing = [
                    one for one in needed.get(name, [])[len(call.args) :] if one not in given
                ]
                if missing:
                    place = file.relative_to(project.parent)
                    raise AssuranceError(
                        f"{place}, line {call.lineno}: the call of the macro {name} lacks "
                        f"{', '.join(missing)}."
                    )


def _called(call: "nodes.Call") -> Iterator[str]:
    """Yield the names of the macros that a call can call."""
    from jinja2 import nodes

    match call.node:
        case nodes.Name(name=name):
            yield name
        case nodes.Getattr(node=nodes.Name(name="oic_assurance"), attr=name):
            yield name
        case nodes.Call(
            node=nodes.Getattr(node=nodes.Name(name="adapter"), attr="dispatch"),
            args=[nodes.Const(value=name), *_],
        ):
            yield from (f"{prefix}{name}" for prefix in _DISPATCHED)
