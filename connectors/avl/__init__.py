"""Where units are (AVL), by webhook."""
