"""Run folders: what is written into them, how it came to be, and networks out of them again."""
