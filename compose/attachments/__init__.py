"""Files of incidents: the folder they are kept in, and the scanner that judges them."""
