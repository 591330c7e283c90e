"""Templates of the Data Docs: the first page, the page of a suite, and the style of both."""

INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What the gate found</title>
<style>{{ style | safe }}</style>
</head>
<body>
<h1>What the gate found</h1>
<p>Build {{ build.build_id }} of run {{ build.run_id }}, figures as at {{ build.as_at }}.</p>
<h2>Verdicts</h2>
<table>
<thead>
<tr><th>Stage</th><th>Verdict</th><th>By</th><th>Checks</th><th>Failed</th></tr>
</thead>
<tbody>
{% for gate in gates %}
<tr><td>{{ gate.stage }}</td><td class="{{ gate.verdict }}">{{ gate.verdict }}</td>
<td>{{ "PostgreSQL and dbt" if gate.stage == "dbt" else "Great Expectations" }}</td>
<td>{{ gate.expectations }}</td><td>{{ gate.failed }}</td></tr>
{% endfor %}
</tbody>
</table>
<h2>Failed expectations</h2>
<table>
<thead>
<tr><th>Table</th><th>Expectation</th><th>Severity</th><th>Rows</th><th>Put right by</th></tr>
</thead>
<tbody>
{% for one in suites %}
{% for expectation in one.failed %}
{% set result = one.results[expectation.name] %}
<tr><td><a href="{{ one.file }}">{{ one.suite.dataset }}</a></td>
<td>{{ expectation.description }}</td>
<td class="{{ expectation.severity }}">{{ expectation.severity }}</td>
<td>{% if result.exception %}could not be checked{% elif result.unexpected is not none %}
{{ result.unexpected }} of {{ result.evaluated }}{% endif %}</td>
<td>{{ expectation.owner }}</td></tr>
{% endfor %}
{% endfor %}
</tbody>
</table>
<h2>All suites</h2>
<table>
<thead>
<tr><th>Table</th><th>What it holds</th><th>Stage</th><th>Expectations</th><th>Failed</th></tr>
</thead>
<tbody>
{% for one in suites %}
<tr><td><a href="{{ one.file }}">{{ one.suite.name }}</a></td><td>{{ one.suite.description }}</td>
<td>{{ one.suite.stage }}</td>
<td>{{ one.results | length }}</td><td>{{ one.failed | length }}</td></tr>
{% endfor %}
</tbody>
</table>
</body>
</html>
"""

# Great Expectations renders the sections with its own template `section.j2`.
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ expectation_suite_name }}</title>
<style>{{ style | safe }}</style>
</head>
<body>
<p><a href="index.html">All suites</a></p>
<h1>{{ expectation_suite_name }}</h1>
<p>{{ one.suite.description }}</p>
<p>{{ one.results | length }} expectations, {{ one.failed | length }} failed.</p>
{% for section in sections %}
{% set section_loop = loop %}
{% include 'section.j2' %}
{% endfor %}
</body>
</html>
"""

STYLE = """
body { font: 16px/1.45 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem;
    color: #222; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; } h5, h6 { font-size: 1rem; margin: 0; }
table { border-collapse: collapse; width: 100%; margin: 0.75rem 0 2rem; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.6rem;
    border-bottom: 1px solid #ddd; }
.alert { background: #eef1f4; padding: 0.5rem 0.75rem; margin-top: 1.5rem; }
.passed, .text-success { color: #1a7f37; }
.warning, .text-warning { color: #9a6700; }
.critical, .text-danger { color: #b42318; }
.fas { font-style: normal; font-weight: bold; }
.fa-check-circle::before { content: "passed"; }
.fa-times::before, .fa-exclamation-triangle::before { content: "failed"; }
.collapse, [data-toggle="collapse"] { display: none; }
"""
