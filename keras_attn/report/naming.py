"""What networks, datasets and tasks are called in print, and in which order they stand.

What the paper has comes first, in its order; all else follows by its own name.
"""

from functools import cache

from keras_attn.datasets import origin
from keras_attn.evaluation.rows import WITHOUT_GAZE
from keras_attn.mechanisms import MECHANISMS, NAMED, NO_ATTENTION
from keras_attn.registries import DATASETS

TASKS = {
    "salient_object": "Salient object segmentation",
    "action": "Action recognition",
    "fine_grained": "Fine-grained classification",
    "adversarial": "Robustness to attacks",
}
BACKBONES = {"alexnet": "AlexNet", "vgg16": "VGG16", "resnet50": "ResNet50", "c3d": "C3D"}
"""Those of the paper, with the name in print."""
FUSIONS = ("early", "late", "frames", "flow")
"""How two streams become one, or which of them is alone; "" where a network has one stream."""


@cache
def _datasets():
    """The names of the paper's."""
    return tuple(name for name in DATASETS if DATASETS[name].paper)


ORDERS = {
    "task": lambda: TASKS,
    "dataset": _datasets,
    "backbone": lambda: BACKBONES,
    "fusion": lambda: FUSIONS,
    "attention": lambda: (*NAMED, NO_ATTENTION),
}
"""By column, what returns its known values in the order of the tables."""


def order(**labels):
    """What to sort by: each label's known values in their order, then the others by name."""
    return [_rank(value, list(ORDERS[name]())) for name, value in labels.items()]


def _rank(name, known):
    own = origin.name_of(name)
    return (known.index(own) if own in known else len(known), name)


def dataset_title(name):
    """The name of a dataset in print; one that is not registered is called as it is.

    One that is drawn says so: it has the name and the form of a real one, and nothing else of it.
    """
    own = origin.name_of(name)
    title = DATASETS[own].title if own in DATASETS else own
    return origin.label(title, own != name)


def backbone_title(name):
    """The name of a backbone in print; one that is not the paper's is called as it is."""
    return BACKBONES.get(name, name)


def trunk_title(backbone, fusion):
    """A `TRUNK` in print, such as "C3D early"."""
    return f"{backbone_title(backbone)} {fusion}".rstrip()


def attention_name(name):
    """The name of an attention in a sentence, such as "supervised, without gaze"."""
    plain = name.removesuffix(WITHOUT_GAZE)
    return name if plain == name else f"{plain}, without gaze"


def attention_title(name):
    """The paper's wording for its five mechanisms; any other is called as it is."""
    if name == NO_ATTENTION:
        return "No attention"
    if name.endswith(WITHOUT_GAZE):
        return f"{attention_title(name.removesuffix(WITHOUT_GAZE))}, without gaze"
    mechanism = MECHANISMS.get(name)
    if mechanism is None:
        return name
    explicit = mechanism.takes_gaze or mechanism.supervised
    return f"{'Explicit' if explicit else 'Implicit'} ({name})"


def network_titles(networks):
    """Titles by network, each a tuple of names that ends with the attention.

    A title is the attention; above it stands what else the networks do not have in common.
    """
    networks = list(networks)
    differ = [len(set(names)) > 1 for names in zip(*networks, strict=True)][:-1]
    titles = {}
    for network in networks:
        above = " ".join(
            name for name, differs in zip(network, differ, strict=False) if differs and name
        )
        titles[network] = f"{above}\n{network[-1]}" if any(differ) else network[-1]
    return titles
