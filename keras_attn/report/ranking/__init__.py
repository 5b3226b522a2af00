"""Audits on the same data, held against each other: what a leaderboard is made of."""
