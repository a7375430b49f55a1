"""Benchmarks anyone can run: `watchfloor bench …`. They measure the product's own code on work it really does."""
