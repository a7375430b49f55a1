"""Pictures of reads that raised an alert: fetched from hosts that are allowed, kept in a folder for a time."""
