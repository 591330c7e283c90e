"""Build the models on Spark instead of PostgreSQL. The docs page `how-to/spark.md` says when to."""
