"""The peers' program files: fetched and built into the cache when first asked for, as the locks beside this say."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from compose.kafka import jars

HERE = Path(__file__).parent
LOCK = HERE / "requirements.lock"
JAVA = HERE / "java"
#: A slow line may need it.
FETCH_WITHIN_S = 900.0


class PeerMissingError(Exception):
    """An engine cannot be had on this machine; the text says why."""


def cache() -> Path:
    """Return the folder that keeps them."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "watchfloor" / "peers"


def python(say: Callable[[str], None]) -> Path:
    """Return the Python that has the peers of that language, installing them first. Raises PeerMissingError."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = cache() / f"python-{version}-{digest([LOCK])}"
    program = folder / "bin" / "python"
    if (folder / "ready").exists():
        return program
    say("installing Quix Streams and Bytewax into an environment of their own")
    shutil.rmtree(folder, ignore_errors=True)  # half of an environment would be taken for all of it
    folder.parent.mkdir(parents=True, exist_ok=True)
    _run([sys.executable, "-m", "venv", str(folder)], "an environment for the peers could not be made")
    _run(
        [str(program), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
         "-r", str(LOCK)],
        "the peers could not be installed",
    )  # fmt: skip
    (folder / "ready").touch()
    return program


def java(name: str, say: Callable[[str], None]) -> tuple[str, str]:
    """Return a Java and the class path of a peer, ``streams`` or ``flink``, building it first.

    Raises PeerMissingError.
    """
    try:
        program = jars.java()
    except jars.KafkaMissingError as error:
        raise PeerMissingError(str(error).replace("Apache Kafka", "it")) from error
    maven = shutil.which("mvn")
    pom = JAVA / f"{name}.xml"
    folder = cache() / f"{name}-{digest([pom, *sorted(JAVA.rglob('*.java'))])}"
    if not folder.is_dir():
        if maven is None:
            raise PeerMissingError("Maven is needed to fetch and compile it; install it (Debian: apt install maven).")
        say(f"fetching and compiling {name}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Beside it, then moved: half a set of jars would be taken for all of them.
        with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
            _run(
                [maven, "-q", "-B", "-f", str(pom), f"-Dtarget={draft}/built", "compile",
                 "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={draft}/built/jars"],
                "Maven could not build it",
            )  # fmt: skip
            try:
                (Path(draft) / "built").rename(folder)
            except OSError:
                if not folder.is_dir():  # else another process was quicker
                    raise
    return program, f"{folder}/classes:{folder}/jars/*"


def digest(files: Sequence[Path]) -> str:
    """Return a short name that changes with any of these files."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()[:12]


def _run(command: Sequence[str], otherwise: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - our own commands
            command, capture_output=True, text=True, timeout=FETCH_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissingError(f"{otherwise}: {type(error).__name__}") from error
    if done.returncode != 0:
        raise PeerMissingError(f"{otherwise}: {(done.stdout + done.stderr).strip()[-800:]}")
