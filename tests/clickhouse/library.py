"""ClickHouse's engine as a shared library: fetched once by npm, as the lock file beside this file names it.

No registry that this project uses has the `clickhouse-server` program of today. The library is the same engine and has
the program `clickhouse-local` in it, which can listen for the native protocol (`SYSTEM START LISTEN`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
#: A slow line may need it: it is 150 MB.
FETCH_WITHIN_S = 900.0


def version() -> str:
    """Return the version of the package that carries the library."""
    packages = json.loads((HERE / "package.json").read_text())["dependencies"]
    (found,) = set(packages.values())
    return str(found)


def fetch() -> Path:
    """Return the library's file, fetching it first if it is not there. Raises RuntimeError where it cannot be had."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "watchfloor"
    folder = cache / f"clickhouse-{version()}"
    if not folder.is_dir():
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("npm is needed to fetch ClickHouse for the tests; install Node.")
        cache.mkdir(parents=True, exist_ok=True)
        # Beside it, then moved: half a library would be taken for all of it. `npm ci` checks the lock file's digests.
        with tempfile.TemporaryDirectory(dir=cache) as draft:
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(HERE / name, draft)
            done = subprocess.run(
                [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=draft,
                capture_output=True,
                text=True,
                timeout=FETCH_WITHIN_S,
                check=False,
            )
            if done.returncode != 0:
                raise RuntimeError(f"npm could not fetch ClickHouse: {done.stderr.strip()[-800:]}")
            _library_in(Path(draft))
            try:
                (Path(draft) / "node_modules").rename(folder)
            except OSError:
                if not folder.is_dir():  # else another process was quicker
                    raise
    return _library_in(folder)


def _library_in(folder: Path) -> Path:
    found = sorted(folder.rglob("libchdb.so"))
    if not found:
        raise RuntimeError("there is no ClickHouse library in the package")
    return found[0]


if __name__ == "__main__":
    print(fetch())
