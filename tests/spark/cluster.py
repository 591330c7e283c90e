"""A standalone Spark cluster for the tests: a master and two workers, each a process of its own."""

import importlib.util
import os
import re
import subprocess
import time
from pathlib import Path

PATIENCE = 120
_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"


class Cluster:
    """A master and two workers, with one core each, on ports that the system gives out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.url = ""
        # The programs are in the package.
        found = importlib.util.find_spec("pyspark")
        assert found, "Spark is not installed: `make setup-spark`"
        self._home = Path(str(found.origin)).parent

    def start(self) -> None:
        """Start the cluster, and wait until both workers are known to the master."""
        self._run("master", _MASTER, "--port", "0")
        self.url = self._wait_for("master", r"Starting Spark master at (spark://\S+)")[0]
        for name in ("first", "second"):
            work = str(self._folder / name)
            self._run(name, _WORKER, "--cores", "1", "--memory", "1g", "-d", work, self.url)
        self._wait_for("master", r"Registering worker", times=2)

    def stop(self) -> None:
        """Stop every process of the cluster."""
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            process.wait(60)

    def _run(self, name: str, role: str, *arguments: str) -> None:
        environment = {
            **os.environ,
            "SPARK_HOME": str(self._home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_LOCAL_DIRS": str(self._folder / f"{name}-scratch"),
        }
        with (self._folder / f"{name}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [
                        self._home / "bin" / "spark-class", role,
                        "--host", "127.0.0.1", "--webui-port", "0", *arguments,
                    ],
                    env=environment, stdout=log, stderr=log,
                )
            )  # fmt: skip

    def _wait_for(self, name: str, said: str, times: int = 1) -> list[str]:
        log = self._folder / f"{name}.log"
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = re.findall(said, log.read_text(encoding="utf-8", errors="replace"))
            if len(found) >= times:
                return found
            assert all(one.poll() is None for one in self._processes), log.read_text()
            time.sleep(0.2)
        raise AssertionError(log.read_text(encoding="utf-8", errors="replace"))
