"""How a client shows a Kafka broker who it is: SASL/SCRAM over TLS."""

from __future__ import annotations

import ssl
from typing import Any

from msgspec import Struct

#: RFC 5802 with SHA-512 (RFC 7677's sibling, as Kafka names it).
MECHANISM = "SCRAM-SHA-512"


class Login(Struct, frozen=True, kw_only=True):
    """A user and the authority (PEM file) that signed the broker's certificate; None: the system's own."""

    user: str
    password: str
    ca_file: str | None = None

    def __repr__(self) -> str:
        return f"Login(user={self.user!r})"

    def kafka_config(self) -> dict[str, Any]:
        """Return kafka-python's settings for it."""
        return {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
            "ssl_context": self.tls(),
        }

    def tls(self) -> ssl.SSLContext:
        """Return the client's side of TLS: certificate and host name are checked. Raises OSError without the file."""
        return ssl.create_default_context(cafile=self.ca_file)
