"""From examples on disk to batches for training."""
