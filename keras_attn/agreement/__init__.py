"""The audit: does a network look where people look? Maps from any source, scored against gaze."""
