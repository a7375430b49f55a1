"""The facts Watchfloor speaks of: one definition per event type, and the wire they travel on.

Everything else (topics, tables, JSON Schema, TypeScript, reference docs) is generated from here.
This package imports nothing else of the project.
"""
