"""One file for each format of datasets: where its files lie, and how they are read."""
