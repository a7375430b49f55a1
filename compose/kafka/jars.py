"""Apache Kafka's program files: fetched once by Maven, as the pom beside this file names them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
#: Kafka 4 brokers need this Java at least (KIP-1013).
LEAST_JAVA = 17
#: A slow line may need it; Maven itself says what it waits for.
FETCH_WITHIN_S = 900.0


class KafkaMissingError(Exception):
    """Apache Kafka cannot be had on this machine; the text says what to do."""


def version() -> str:
    """Return the version of Apache Kafka that the pom names."""
    found = re.search(r"<kafka\.version>([^<]+)<", POM.read_text())
    assert found is not None
    return found[1]


def java() -> str:
    """Return the path of a Java that can run it. Raises KafkaMissingError."""
    home = os.environ.get("JAVA_HOME")
    path = shutil.which("java", path=f"{home}/bin" if home else None)
    if path is None:
        raise KafkaMissingError(f"Java {LEAST_JAVA} or newer is needed for Apache Kafka: install a JDK.")
    told = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603 - Java
    found = re.search(r'version "(\d+)', told)
    if found is None or int(found[1]) < LEAST_JAVA:
        raise KafkaMissingError(f"Java {LEAST_JAVA} or newer is needed for Apache Kafka; {path} is older.")
    return path


def fetch() -> Path:
    """Return the folder with the jars, fetching them first if they are not there. Raises KafkaMissingError."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "watchfloor"
    folder = cache / f"kafka-{version()}"
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaMissingError("Maven is needed to fetch Apache Kafka; install it (Debian: apt install maven).")
    cache.mkdir(parents=True, exist_ok=True)
    # Beside it, then moved: half a set of jars would be taken for all of them.
    with tempfile.TemporaryDirectory(dir=cache) as draft:
        done = subprocess.run(  # noqa: S603 - Maven, with our own pom
            [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies",
             "-DincludeScope=runtime", f"-DoutputDirectory={draft}/jars"],
            capture_output=True, text=True, timeout=FETCH_WITHIN_S, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise KafkaMissingError(f"Maven could not fetch Apache Kafka: {done.stdout.strip()[-800:]}")
        try:
            (Path(draft) / "jars").rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was quicker
                raise
    return folder
