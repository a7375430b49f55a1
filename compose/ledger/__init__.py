"""The ledger at work: follows the log, asks the store, and keeps verdicts for the API, the page and the metrics."""
