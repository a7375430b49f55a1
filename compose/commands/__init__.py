"""The parts of the `watchfloor` command, a file for each thing people do."""
