"""The whole study as a grid of cells: which there are, what each needs, and how they are run.

    cells      which cells there are, in the order of their dependencies
    sets       which datasets they are of: the paper's, or one's own
    sources    where their datasets and weights lie
    standing   which of them are finished, and what the others will cost
    schedule   carries them out on an engine; what fails does not stop the others
    local      the engine of one machine: a process for each cell
    cluster    the engine of a Ray cluster, which does the same on other machines
    cell       that process

None but `cell` imports TensorFlow.
"""
