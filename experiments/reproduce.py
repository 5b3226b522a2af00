"""The whole study: three tasks, five mechanisms, all networks, FGSM; Tables I to X and figures.

    python experiments/reproduce.py study miniature
    python experiments/reproduce.py study miniature --tasks fine_grained --backbones vgg16 --jobs 2
    python experiments/reproduce.py study paper --dry-run
    python experiments/reproduce.py study paper --sources.dut-omron DUT --sources.pascal-s PASCAL
    python experiments/reproduce.py study paper --engine ray --address auto --gpus 1 ...
    python experiments/reproduce.py verify runs/miniature

A killed one goes on where it was when it is called again; docs/study.md says how.
"""

import sys

from keras_attn.shell import cli, parser

if __name__ == "__main__":
    commands = ("study", "verify")
    sys.exit(cli.run(lambda: parser.of_commands(*commands, description=__doc__)))
