"""Rekor Scout and OpenALPR agents and web servers, by webhook."""
