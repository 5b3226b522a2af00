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

from keras_attn.commands.study import Study
from keras_attn.commands.verify import Verify
from keras_attn.shell import cli
from keras_attn.study import workflow

if __name__ == "__main__":
    there = {"study": Study, "verify": Verify}
    sys.exit(cli.run(lambda: workflow.parse(there, description=__doc__)))
