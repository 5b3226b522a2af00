"""Registries of what has a folder with a file for each; importing this imports none of those.

Those of `Mechanism`s and of metric columns are in `mechanisms` and `metrics.columns`.
"""

from keras_attn.registry import Registry

BACKBONES = Registry("backbone", "models/backbones", ("alexnet", "vgg16", "resnet50"))
DATASETS = Registry(
    "dataset",
    "datasets/formats",
    ("folder", "dut_omron", "pascal_s", "hollywood2", "ucf_sports", "cub_vwsw"),
)
KINDS = Registry("kind of map", "audits/kinds", ("activation", "gradient", "cam", "grad_cam"))
COMMANDS = Registry(
    "command", "commands", ("audit", "train", "evaluate", "compare", "report", "attack")
)
