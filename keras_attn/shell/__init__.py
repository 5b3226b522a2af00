"""The command line.

cli        `keras-attn`: calls what a line names, and prints errors as one line
parser     reads the lines of it and of the scripts in experiments/
command    what a command is; each is a file in commands/
"""
