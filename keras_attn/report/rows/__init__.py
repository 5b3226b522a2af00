"""The rows of evaluated runs, and the samples of examples that cells are made of."""
