"""The screens of `assurance bundle`: the file that was made, and what a bundle proves."""

from oic_assurance.reporting.bundle.make import Bundle, Verified
from oic_assurance.reporting.screens.layout import count, wrapped

NO_RULES = "The rules are not in it: this checkout has other rules than the publication."


def bundle_screen(made: Bundle) -> str:
    """Return the path of a bundle, and how to verify it."""
    signed = "signed" if made.is_signed else "not signed: no key was given"
    return "\n".join(
        [
            f"Bundle of publication {made.publication_id}: {count(made.files, 'file')}, {signed}.",
            *([] if made.has_rules else [NO_RULES]),
            str(made.file),
            "Verify it: `assurance bundle verify FILE`, or unpack it and run `python3 verify.py`.",
            "",
        ]
    )


def verified_screen(found: Verified) -> str:
    """Return the sentence that says what holds."""
    return "\n".join(wrapped(found.sentence)) + "\n"
