"""How events travel: frames, their headers, partitions, and the kafka-python clients at the edges of the log."""
