"""Who gives a command."""

from __future__ import annotations

import getpass
import socket


def this_user() -> str:
    """Return the user of this machine, as the operating system knows him."""
    return f"{getpass.getuser()} on {socket.gethostname()}"
