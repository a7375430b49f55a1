"""How commands of this machine show the server that they may read its data folder."""

MACHINE_HEADER = "x-watchfloor-machine"
