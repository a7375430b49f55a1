"""PIDF-LO, the IETF's XML for where somebody is: by webhook, and as what other sources carry inside."""
