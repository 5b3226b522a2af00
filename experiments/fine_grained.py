"""Task 3, fine-grained classification. Paper, CUB-VWSW, ResNet50, human: accuracy .556.

    python experiments/fine_grained.py train miniature --model.attention supervised
    python experiments/fine_grained.py train paper --data.root CUB --training.weights vgg16_....h5
    python experiments/fine_grained.py evaluate --weights runs/.../model.weights.h5
    python experiments/fine_grained.py compare miniature
    python experiments/fine_grained.py report runs/fine_grained/*

For the paper's preset, --training.weights names ImageNet weights of --model.backbone: of the whole
classifier, not of its convolutions alone.
"""

import sys

from keras_attn.shell import cli, parser

if __name__ == "__main__":
    sys.exit(cli.run(lambda: parser.of_task("fine_grained", description=__doc__)))
