"""A seeded, deterministic city that makes events, and the ground truth of the alerts they must raise."""
