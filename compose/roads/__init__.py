"""Roads: a file of lines becomes a graph on disk, and the server answers by it how long a unit drives."""
