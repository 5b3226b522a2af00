r"""Task 1, salient object segmentation. Paper, DUT-OMRON, ResNet50, human: max F .828, MAE .047.

    python experiments/salient_object.py train miniature --model.attention supervised
    python experiments/salient_object.py train paper --data.root ~/data/DUT-OMRON \
        --model.backbone resnet50 --training.weights resnet50_..._notop.h5 --data.fold 0
    python experiments/salient_object.py train paper --data.name pascal_s --data.root ~/data/PASCAL-S \
        --training.start runs/salient_object/dut_omron-vgg16-supervised-fold0-seed0
    python experiments/salient_object.py evaluate --weights runs/.../model.weights.h5
    python experiments/salient_object.py compare miniature
    python experiments/salient_object.py compare --first-root DUT-OMRON paper --data.name pascal_s \
        --data.root PASCAL-S --training.weights vgg16
    python experiments/salient_object.py report runs/salient_object/*

A run on PASCAL-S starts from one on DUT-OMRON: from that which --training.start names, or that lies
in that folder; compare trains it first.
"""  # noqa: E501

import sys

from keras_attn.shell import cli, parser

if __name__ == "__main__":
    sys.exit(cli.run(lambda: parser.of_task("salient_object", description=__doc__)))
