"""Audits of functions in place of networks, with as many models and layers as a test asks for."""

import keras_attn as ka


def many_layers(names, layers, root):
    """An audit of models of these names, each with so many layers; no two maps are the same."""
    data = ka.datasets.miniature(images=6, root=root / "scenes")
    models = {name: _maps_of(place, layers) for place, name in enumerate(names)}
    return ka.audit(models, data, gallery=3, progress=False)


def by_task(models, root):
    """An audit of such models against two conditions, which the fixations are of in turn."""
    ka.datasets.miniature(images=6, root=root / "scenes")
    table = root / "scenes" / "fixations.csv"
    heading, *lines = table.read_text().splitlines()
    made = [f"{line},{('free', 'search')[k % 2]}" for k, line in enumerate(lines)]
    table.write_text("\n".join([f"{heading},task", *made]) + "\n")
    data = ka.datasets.folder(root / "scenes")
    return ka.audit(models, data, by="task", gallery=2, progress=False)


def _maps_of(model, layers):
    def maps(batch):
        made = {}
        for layer in range(layers):
            colour = batch[..., (model + layer) % 3]
            made[f"backbone/conv{layer}_block3_out"] = colour ** (1 + layer + model / 10)
        return made

    return maps
