"""Old names of commands and options. They are understood until the next version."""

import re
from collections.abc import Sequence

#: The names of today, by the old ones.
MOVED = {
    "archive encrypt": "batch encrypt",
    "archive new-key": "backup new-key",
    "bundle make": "pack bundle",
    "bundle verify": "pack verify",
    "compare": "publication compare",
    "national export": "release national",
    "national trust": "release trust",
    "preview": "publication preview",
    "pseudonyms rekey": "access rekey",
    "pseudonyms status": "access pseudonyms",
    "recall approve": "erase approve",
    "recall list": "erase recalls",
    "workbook make": "pack workbook",
}
#: The options of today by the old ones, of the commands whose names begin with these words.
OPTIONS = {
    "": {"--because": "--reason"},
    "quarantine export": {"--reason": "--rejected-for"},
    "quarantine list": {"--reason": "--rejected-for"},
    "quarantine replay": {"--reason-text": "--reason"},
}
#: A call of `erase` about a record: its first argument is an option, or the name of a dataset.
_OF_A_RECORD = re.compile(r"-(?!h$|-help$)|.+/")


def renamed(given: Sequence[str]) -> tuple[list[str], str]:
    """Return the arguments of `assurance` with the names of today, and a hint for old ones.

    The hint is empty if every name is of today.
    """
    arguments, moved = list(given), {}
    if arguments[:1] == ["erase"]:
        # What these options did, subcommands do.
        if flag := next((one for one in ("--expired", "--finish") if one in arguments), ""):
            arguments.remove(flag)
            arguments.insert(1, flag[2:])
            moved[f"assurance erase {flag}"] = f"assurance erase {flag[2:]}"
        elif _OF_A_RECORD.match(" ".join(arguments[1:2])):
            arguments.insert(1, "records")
            moved["assurance erase DATASET"] = "assurance erase records DATASET"
    for length in (1, 2):
        old = " ".join(arguments[:length])
        if new := MOVED.get(old):
            arguments[:length] = new.split()
            moved[f"assurance {old}"] = f"assurance {new}"
    for command, options in OPTIONS.items():
        for place, word in enumerate(arguments):
            option, *value = word.split("=", 1)
            if option in options and " ".join(arguments).startswith(command):
                arguments[place] = "=".join([options[option], *value])
                moved[option] = options[option]
    names = ", and ".join(f"`{old}` is now `{new}`" for old, new in moved.items())
    return arguments, f"{names}. Old names go with the next version." if moved else ""
