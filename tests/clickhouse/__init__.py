"""A ClickHouse of today that listens, for tests: see docs/explanation/clickhouse-server.md."""
