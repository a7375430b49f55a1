"""Any reader that posts JSON, XML or forms, by a map that a person writes."""
