"""Hikvision ANPR cameras and recorders, by ISAPI HTTP listening."""
