"""The stream: processors and rules behind one guard, and the store. Knows schemas only."""
