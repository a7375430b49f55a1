"""Being operated: what a role tells of itself, and what Prometheus, Grafana and a trace collector need to hear it."""
