"""A real Apache Kafka on this machine without containers: ``watchfloor kafka up|down|status``."""
