"""Why something failed on Spark, in one line without values of records."""

import re


def said_by_spark(message: str) -> str:
    """Return the reason for an error on Spark as one line, without values of records.

    An error that Spark finds in a query before it reads a row (SQLSTATE 42) is given with its
    text. The text of another one can quote a value, so only the name of the error is given.
    """
    if found := re.search(r"\[([A-Z][A-Z0-9_.]+)\]", message):
        in_query = re.search(r"SQLSTATE: 42\w{3}", message)
        return message[found.start() : in_query.end()] if in_query else f"Spark: {found[1]}"
    if found := re.search(r".*\b(java[\w.]+(?:Error|Exception))", message, flags=re.DOTALL):
        return f"Spark: {found[1]} (see spark.log)"
    return message
