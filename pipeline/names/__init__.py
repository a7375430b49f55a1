"""Finding people whose names and birth dates are written otherwise than in the record. Nothing here merges anybody."""
