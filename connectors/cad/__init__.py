"""CAD systems that post calls by their own ids, or all that are active, by webhook."""
