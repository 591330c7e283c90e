"""A Spark session for one build, on this machine or on a cluster."""

import os
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from oic_assurance.builds.dbt import environment_with
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

if TYPE_CHECKING:
    from oic_assurance.builds.spark.folder import Folder

_LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yyyy-MM-dd HH:mm:ss} %p %c{1}: %m%n%ex
"""
#: What a build depends on. A deployment sets everything else in Spark's own `spark-defaults.conf`.
_NEEDED = {
    "spark.app.name": "oic-assurance",
    # Moments are compared in UTC, as in PostgreSQL.
    "spark.sql.session.timeZone": "UTC",
    # A value that does not fit its type is an error, as in PostgreSQL.
    "spark.sql.ansi.enabled": "true",
    # What Spark derives from the conditions of a query grows exponentially with nested expressions.
    "spark.sql.constraintPropagation.enabled": "false",
    # A query may call itself as often as in PostgreSQL, for example once for each month.
    "spark.sql.cteRecursionLevelLimit": "100000",
    # Tables are known for as long as the session lives.
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    # Only the account that builds may read the files.
    "spark.hadoop.fs.permissions.umask-mode": "077",
    # A page that shows queries and their plans, what is kept for it, and bars of progress.
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.ui.retainedExecutions": "5",
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "10000",
}
#: The memory of the Java process on this machine, unless Spark's own settings say another.
#: With Spark's default of 1 GB, the plans of all models do not fit.
MEMORY = "4g"
_LOCAL = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}


@contextmanager
def spark_session(settings: Settings, folder: "Folder") -> Iterator[Any]:
    """Start a Spark session whose tables are in `folder`, and end it with its Java process.

    What Spark logs goes to `spark.log` in the folder for logs.

    Raises:
        AssuranceError: The master cannot be reached.
    """
    # About the version of pandas, which nothing here uses.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    from pyspark import SparkConf
    from pyspark.java_gateway import launch_gateway
    from pyspark.logger import PySparkLogger

    # It would print the text and the plan of each query that fails.
    PySparkLogger.getLogger("SQLQueryContextLogger").disabled = True
    logs = private_folder(settings, settings.log_dir)
    logging = folder.scratch / "log4j2.properties"
    logging.write_text(_LOGGING, encoding="utf-8")
    conf = SparkConf()
    conf.setMaster(settings.spark_master)
    conf.setAll(_NEEDED.items())
    conf.set("spark.sql.warehouse.dir", f"{folder.url}/warehouse")
    conf.set("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile={logging.as_uri()}")
    conf.set("spark.local.dir", str(folder.scratch))
    if settings.spark_master.startswith("local"):
        conf.setAll(_LOCAL.items())
    with (logs / "spark.log").open("ab") as log:
        wanted = os.environ.get("SPARK_DRIVER_MEMORY", MEMORY)
        with environment_with({"SPARK_DRIVER_MEMORY": wanted}):
            gateway = launch_gateway(conf, popen_kwargs={"stdout": log, "stderr": log})
        try:
            with _session(conf, gateway, f"{settings.spark_master}: see {log.name}") as session:
                yield session
        finally:
            _end(gateway)


@contextmanager
def _session(conf: Any, gateway: Any, place: str) -> Iterator[Any]:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    context = None
    try:
        context = SparkContext(conf=conf, gateway=gateway)
        session = SparkSession(context)
        if not context.getConf().contains("spark.sql.shuffle.partitions"):
            # Spark's default of 200 is for more data than a force has.
            parts = str(max(2, context.defaultParallelism))
            session.conf.set("spark.sql.shuffle.partitions", parts)
    except Exception as error:  # Java's errors have many classes here.
        if context is not None:
            # A context whose master never answered fails only when it is used, and would stand in
            # the way of the next one of this process.
            context.stop()
        raise AssuranceError(f"Spark does not start on {place}.") from error
    try:
        yield session
    finally:
        session.stop()


def _end(gateway: Any) -> None:
    """End the Java process. It ends by itself when its input is closed."""
    from pyspark import SparkContext

    gateway.shutdown()
    gateway.proc.stdin.close()
    try:
        gateway.proc.wait(timeout=30)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()
        gateway.proc.wait()
    # The next session of this process starts another one. PySpark has no function for this.
    SparkContext._gateway = None
    SparkContext._jvm = None
