"""The ledger: counts and digests by source and minute at each hop, and what they say about loss."""
