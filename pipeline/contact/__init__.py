"""What is known of a caller's number, place and person, for who takes the call."""
