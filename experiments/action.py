r"""Task 2, action recognition. Paper, Hollywood-2, early fusion, human: mAP .736; UCF Sports .915.

    python tools/extract_flow.py Hollywood2/AVIClips --out flow/hollywood2
    python tools/fetch_weights.py c3d_caffe
    python experiments/action.py train miniature --model.fusion late --model.attention supervised
    python experiments/action.py train paper --data.root Hollywood2 \
        --data.flow-root flow/hollywood2 --training.weights c3d_caffe
    python experiments/action.py evaluate --weights runs/.../model.weights.h5
    python experiments/action.py compare miniature
    python experiments/action.py compare miniature --data.name ucf_sports
    python experiments/action.py report runs/action/*

A run is preceded by those of its streams alone, which it starts from; one on UCF Sports starts from
the run on Hollywood-2 that --training.start names, or that lies in that folder; compare trains it
first.
"""

import sys

from keras_attn.shell import cli, parser

if __name__ == "__main__":
    sys.exit(cli.run(lambda: parser.of_task("action", description=__doc__)))
