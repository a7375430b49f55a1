"""Reports that people make online, by the API that a form posts to."""
