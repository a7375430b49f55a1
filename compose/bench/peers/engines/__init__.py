"""One measured process for each engine. Each is given its order on standard input and prints what it cost.

Those of other engines run in an environment of their own, so they import what that has, and nothing else of ours.
"""
