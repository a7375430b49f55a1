"""Frigate's recognised plates: the payloads of its MQTT topics."""
