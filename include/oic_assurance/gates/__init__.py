"""The gate: run the suites of a stage on a build, store the results, and decide the verdict."""
