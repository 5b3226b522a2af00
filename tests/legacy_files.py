"""Weight files as Keras 2 wrote them, which published ones are."""

import h5py


def write_legacy(path, layers, root=None, as_bytes=True):
    """A weight file of `{layer: arrays}`; root: the group of a whole model. Returns the path."""
    encode = (lambda text: text.encode()) if as_bytes else str
    with h5py.File(path, "w") as file:
        group = file.create_group(root) if root else file
        group.attrs["layer_names"] = [encode(name) for name in layers]
        for name, arrays in layers.items():
            names = [f"{name}_{i}:0" for i in range(len(arrays))]
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [encode(n) for n in names]
            for weight_name, array in zip(names, arrays, strict=True):
                inner[weight_name] = array
    return path


def legacy(model, path, leave_out=()):
    """The weights of a model in such a file, without the layers to leave out; returns the path."""
    layers = [la for la in model.layers if la.weights and la.name not in leave_out]
    return write_legacy(path, {layer.name: layer.get_weights() for layer in layers})
