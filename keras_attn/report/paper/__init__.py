"""What the paper has: its tables, its claims, and how ours answer them."""
