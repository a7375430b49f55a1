"""ALI records of the legacy 9-1-1 network, by templates that tell where the fields of a layout stand."""
