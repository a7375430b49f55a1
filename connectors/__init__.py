"""The edge: one folder per source, each with a manifest, a pure translator and a README. Knows schemas only."""
