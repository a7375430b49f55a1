"""Asked by containers: is this role doing its work? Exits 0 or 1, and says why not.

``url ADDRESS`` asks a role that answers HTTP on loopback; ``group NAME`` asks the broker whether a consumer group has
members that it has given partitions to.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx2
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from compose.settings import Settings, is_loopback, load

TIMEOUT_S = 4.0


def url_fault(url: str) -> str:
    """Return what is wrong with a role that answers at this address, or "". Raises ValueError off loopback."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not is_loopback(parts.hostname or ""):
        raise ValueError("a role is asked over HTTP on loopback only")
    try:
        answer = httpx2.get(url, timeout=TIMEOUT_S, trust_env=False)
    except httpx2.HTTPError as error:
        return f"no answer: {type(error).__name__}"
    return "" if answer.status_code == 200 else f"answered {answer.status_code}: {answer.text[:500]}"


def group_fault(settings: Settings, group: str) -> str:
    """Return what is wrong with a consumer group, or ""."""
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=settings.bootstrap, client_id="watchfloor-healthcheck", **settings.kafka_config()
        )
    except KafkaError as error:
        return f"no broker answers: {type(error).__name__}"
    try:
        states = {found["group_id"]: found["group_state"] for found in admin.list_groups()}
    except KafkaError as error:
        return f"the broker does not tell: {type(error).__name__}"
    finally:
        admin.close()
    state = states.get(group, "unknown to the broker")
    return "" if state == "Stable" else f"the group is {state}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m compose.healthcheck", description=__doc__)
    parser.add_argument("what", choices=("url", "group"))
    parser.add_argument("name")
    asked = parser.parse_args(arguments)
    fault = url_fault(asked.name) if asked.what == "url" else group_fault(load(), asked.name)
    if fault:
        sys.stderr.write(f"{fault}\n")
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main())
