"""Robustness of fine-grained classifiers to FGSM. Paper, CUB-VWSW, VGG, human: .5795 are fooled.

    python experiments/adversarial.py runs/fine_grained/*seed0
    python experiments/adversarial.py RUN --epsilons 1 2 4 --epsilon 1
    python experiments/adversarial.py RUN --search line

Writes the rows of each run into its folder `fgsm`, and Table X, the figures and the curves over ε
into --out.
"""

import sys

from keras_attn.shell import cli, parser

if __name__ == "__main__":
    sys.exit(cli.run(lambda: parser.of_command("attack", description=__doc__)))
