"""Readers of what datasets have in common: pictures, masks, gaze, tables and videos."""
