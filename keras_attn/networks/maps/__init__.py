"""Which tensors of a network are maps of the picture, and where in it their cells lie."""
