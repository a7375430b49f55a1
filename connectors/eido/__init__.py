"""EIDO, NENA's JSON for what is known of an incident now (NENA-STA-021.1b-2022), by webhook."""
