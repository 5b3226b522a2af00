"""Training of any model of the package: precision, devices, progress, checkpoints. No metrics."""
