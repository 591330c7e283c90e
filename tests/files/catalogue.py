"""All cases of the file catalogue."""

from tests.files import text_cases, value_cases, vast_cases, workbook_cases

CASES = [*text_cases.CASES, *value_cases.CASES, *workbook_cases.CASES, *vast_cases.CASES]
BY_NAME = {case.name: case for case in CASES}
