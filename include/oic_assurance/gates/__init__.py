"""The gate: run a stage's suites on a build, store the results, and decide the verdict."""
