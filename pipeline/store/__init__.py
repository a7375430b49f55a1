"""The store: events as rows in ClickHouse, on a server or in process (chDB), behind one interface.

``store`` says what a store does; ``chdb_store`` and ``server_store`` do it; ``writer`` collects rows into batches.
"""
