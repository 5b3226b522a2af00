"""Claims about Q4: how attention depends on the network and on the depth."""

from keras_attn.registry import register
from keras_attn.report.paper.claims.attentions import (
    ARTIFICIAL,
    EXPLICIT,
    HUMAN,
    IMPLICIT,
    UNTRAINED,
)
from keras_attn.report.paper.kinds.gains import GainsMore
from keras_attn.report.paper.kinds.order import Order

register(
    Order(
        "resnet-best",
        "Q4",
        "V",
        "ResNet does better than the other backbones, in segmentation and classification",
        ("I", "VII"),
        "backbone",
        ("resnet50",),
        ("alexnet", "vgg16"),
    ),
    Order(
        "vgg-over-alexnet",
        "Q4",
        "V",
        "VGGNet does better than AlexNet, in segmentation and classification",
        ("I", "VII"),
        "backbone",
        ("vgg16",),
        ("alexnet",),
    ),
    Order(
        "late-implicit",
        "Q4",
        "V",
        "Implicit attention recognises actions better in late fusion than in early",
        ("III",),
        "fusion",
        ("late",),
        ("early",),
        {"attention": IMPLICIT},
    ),
    Order(
        "early-explicit",
        "Q4",
        "V",
        "Explicit attention recognises actions better in early fusion than in late",
        ("III",),
        "fusion",
        ("early",),
        ("late",),
        {"attention": EXPLICIT},
    ),
    GainsMore(
        "boost-resnet",
        "Q4",
        "V",
        "Human attention helps ResNet more than VGGNet and AlexNet (here: its gain over "
        "activation)",
        ("I", "VII"),
        (HUMAN[0], UNTRAINED),
        (("resnet50", ("vgg16", "alexnet")),),
    ),
    Order(
        "backbone-gaze-salient",
        "Q4",
        "IV-A",
        "A better backbone brings artificial attention closer to gaze, in segmentation",
        ("V",),
        "backbone",
        ("resnet50",),
        ("alexnet", "vgg16"),
        {"attention": ARTIFICIAL},
    ),
    Order(
        "backbone-gaze-birds",
        "Q4",
        "V",
        "A better backbone brings artificial attention closer to gaze, in fine-grained "
        "classification",
        ("VIII",),
        "backbone",
        ("resnet50",),
        ("alexnet", "vgg16"),
        {"attention": ARTIFICIAL},
    ),
)
