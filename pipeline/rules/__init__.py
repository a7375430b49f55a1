"""Rules: pure functions from an event and what is known to alerts that explain themselves. One file each."""
