"""Accounts of people who sign in here, with a second factor, and their sessions: one SQLite file in the data folder."""
