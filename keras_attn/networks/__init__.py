"""What a network of any make is: its inputs, its layers, its scores, and which tensors are maps."""
