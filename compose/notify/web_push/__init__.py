"""Web Push: people's own devices are told that there is something to see, and never what (RFC 8030, 8291, 8292)."""
