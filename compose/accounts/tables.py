"""The tables of the account book.

``people``: whom an identity provider knows an account as; ``vouched``: what it gave for a session, to ask it again.
``devices``: where its person wants to be told; ``push_key``: by what push services know this server.
"""

TABLES = """
CREATE TABLE IF NOT EXISTS accounts (
    account TEXT PRIMARY KEY, name TEXT NOT NULL, password TEXT NOT NULL, otp_secret TEXT NOT NULL,
    otp_step INTEGER NOT NULL DEFAULT 0, roles TEXT NOT NULL, audiences TEXT, agencies TEXT, areas TEXT,
    secured INTEGER NOT NULL DEFAULT 0, disabled TEXT NOT NULL DEFAULT '',
    failures INTEGER NOT NULL DEFAULT 0, failing_since REAL NOT NULL DEFAULT 0,
    made_at REAL NOT NULL, used_at REAL NOT NULL, ends_at REAL
) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    key TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE, began_at REAL NOT NULL,
    active_at REAL NOT NULL, locked INTEGER NOT NULL DEFAULT 0, proved_at REAL NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS people (
    account TEXT PRIMARY KEY REFERENCES accounts ON DELETE CASCADE, issuer TEXT NOT NULL, subject TEXT NOT NULL,
    UNIQUE (issuer, subject)
) STRICT;
CREATE TABLE IF NOT EXISTS vouched (
    key TEXT PRIMARY KEY REFERENCES sessions ON DELETE CASCADE, access_token TEXT NOT NULL,
    refresh_token TEXT NOT NULL, good_until REAL NOT NULL, checked_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS devices (
    device TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE, name TEXT NOT NULL,
    endpoint TEXT NOT NULL, p256dh TEXT NOT NULL, auth TEXT NOT NULL, made_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS push_key (private TEXT NOT NULL, made_at REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, name TEXT NOT NULL, account TEXT NOT NULL,
    actor TEXT NOT NULL, details TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS book (id TEXT NOT NULL, revision INTEGER NOT NULL) STRICT;
INSERT INTO book SELECT lower(hex(randomblob(16))), 0 WHERE NOT EXISTS (SELECT 1 FROM book);
"""

#: Columns that came after the first release of their table: a book that was made before is given them.
ADDED = (("accounts", "areas", "TEXT"), ("sessions", "proved_at", "REAL NOT NULL DEFAULT 0"))
