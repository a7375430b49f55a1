"""XML that is meant to harm, and a process of its own that is attacked with it: ``python -m tests.unit.xml_attacks``.

Memory is the kernel's own high-water mark of the whole process (VmHWM), which counts the parser's memory as well as
Python's and starts anew with the program. Work is CPU time, so that a busy machine changes nothing.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from connectors.pidf_lo.locations import read_locations
from connectors.translation import PayloadError
from connectors.xml_text import MAX_BYTES, MAX_MARKS, tree

#: As large as is looked at.
FULL = MAX_BYTES - 100


def laughs() -> bytes:
    """Entities of entities, two to the 59th times the first."""
    each = b"".join(b'<!ENTITY a%d "&a%d;&a%d;">' % (n, n - 1, n - 1) for n in range(1, 60))
    return b'<!DOCTYPE l [<!ENTITY a "ha">' + each + b"]><presence>&a59;</presence>"


#: Each makes its body when it is its turn, so that one does not count for another.
ATTACKS: dict[str, Callable[[], bytes]] = {
    "external entity": lambda: b'<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><presence>&x;</presence>',
    "billion laughs": laughs,
    "50 MB": lambda: b"<presence>" + b"<a>x</a>" * 6_600_000 + b"</presence>",
    "depth 10,000": lambda: b"<presence>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</presence>",
    "an entity after a declaration": lambda: b"<?xml version='1.0'?>\n<!-- -->\n<!doctype p><p/>",
    "nothing but elements": lambda: b"<presence>" + b"<a/>" * (FULL // 4) + b"</presence>",
    "nothing but attributes": lambda: b"<presence " + b"a='' " * (FULL // 5) + b"/>",
    "nothing but lines": lambda: b"<presence>" + "\u20ac\n".encode() * (FULL // 4) + b"</presence>",
    "nothing but references": lambda: b"<presence>" + b"&#8364;" * (FULL // 7) + b"</presence>",
    "as many elements as may be, cut off": lambda: b"<presence>" + b"<a/>" * (MAX_MARKS - 2),
}


def greatest_memory() -> int:
    """Return the greatest memory that this process ever had, bytes."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def refused(reader: Callable[[bytes], object], body: bytes) -> float:
    """Return the CPU time that a reader took to refuse a body; ends the process when it is read."""
    began = time.process_time()
    try:
        reader(body)
    except PayloadError:
        return time.process_time() - began
    raise SystemExit("the body was read")


def attack(name: str) -> tuple[str, int, float]:
    """Attack this process; return the attack, the greatest memory so far and the CPU time of the slower reader."""
    if name == "200 MB taken":
        taken = bytearray(b"x") * (200 * 2**20)
        return name, greatest_memory(), float(len(taken) == 0)
    body = ATTACKS[name]()
    took = max(refused(reader, body) for reader in (tree, lambda text: read_locations(text, "caller")))
    return name, greatest_memory(), took


if __name__ == "__main__":
    print(json.dumps([attack(name) for name in sys.argv[1:]]))
