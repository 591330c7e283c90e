"""The gate: runs the suites of a stage on a build, keeps the results, gives the verdict."""
