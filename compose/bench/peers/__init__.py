"""`watchfloor bench peers`: the same work by this software and by the engines that a user might pick instead.

What is fair about it and what is not: docs/explanation/measured-against-peers.md.
"""
