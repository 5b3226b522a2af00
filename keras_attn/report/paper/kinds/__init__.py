"""The kinds of claims, a file for each, all of one small protocol (`claim`).

A claim knows in which of the paper's printed cells it holds, and how it is measured in rows of
ours. The paper's claims themselves are in `claims`.
"""
