"""The front door for networks: whatever a user calls a model is opened here, once and alike."""
