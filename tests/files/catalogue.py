"""Every kind of file that can come, each with what must become of it."""

from tests.files import text_cases, value_cases

CASES = [*text_cases.CASES, *value_cases.CASES]
BY_NAME = {case.name: case for case in CASES}
