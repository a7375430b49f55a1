"""The cluster's key and certificate: made by the JDK's keytool, for loopback, shared by the nodes of one machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from compose.kafka.jars import KafkaMissingError

#: Who the brokers are to each other; ``access`` makes it a super user.
SUBJECT = "CN=watchfloor-broker"
VALID_DAYS = 825  # the longest that strict clients (Apple's) accept


def make(folder: Path, password: str, java: str) -> tuple[Path, Path]:
    """Make a key store (PKCS12) and its certificate (PEM) in ``folder``; return both. Raises KafkaMissingError."""
    keytool = Path(java).resolve().with_name("keytool")
    if not keytool.exists():
        raise KafkaMissingError(f"keytool is not beside {java}: a whole JDK is needed, not only a Java runtime.")
    store, certificate = folder / "broker.p12", folder / "ca.pem"
    # The password goes by the environment: the process table shows arguments to everybody.
    common = ["-keystore", str(store), "-storetype", "PKCS12", "-storepass:env", "STORE_PASSWORD", "-alias", "broker"]
    env = {**os.environ, "STORE_PASSWORD": password}
    subprocess.run(  # noqa: S603 - the JDK's own tool
        [str(keytool), "-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-validity", str(VALID_DAYS),
         "-dname", SUBJECT, "-ext", "san=dns:localhost,ip:127.0.0.1", *common],
        env=env, capture_output=True, check=True,
    )  # fmt: skip
    done = subprocess.run(  # noqa: S603 - as above
        [str(keytool), "-exportcert", "-rfc", *common], env=env, capture_output=True, check=True
    )
    store.chmod(0o600)
    certificate.write_bytes(done.stdout)
    return store, certificate
