"""The whole study: three tasks, five mechanisms, all networks, FGSM; Tables I to X and figures.

    python experiments/reproduce.py miniature
    python experiments/reproduce.py miniature --tasks fine_grained --backbones vgg16 --jobs 2
    python experiments/reproduce.py paper --dry-run
    python experiments/reproduce.py paper --sources.dut-omron DUT-OMRON --sources.pascal-s PASCAL-S

A killed one goes on where it was when it is called again; docs/study.md says how.
"""

import sys

import tyro

from keras_attn import cli
from keras_attn.studying import Study

if __name__ == "__main__":
    sys.exit(cli.run(lambda: tyro.cli(Study, description=__doc__)))
