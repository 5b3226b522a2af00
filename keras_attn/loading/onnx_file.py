"""ONNX files: opened, run on pictures, and asked for what any of their nodes returns."""

from __future__ import annotations

import numpy as np

from keras_attn.errors import InputError, listing

RANGES = {
    "NominalRange_0_255": lambda pixels: pixels,
    "Normalized_0_1": lambda pixels: pixels / 255,
    "Normalized_1_1": lambda pixels: pixels / 127.5 - 1,
}
"""What is made of pixels, by the metadata "Image.NominalPixelRange" of a file."""
ORDERS = ("Rgb8", "Bgr8")
KERNELS = ("Conv", "Gemm", "MatMul")
"""Operations of layers with a kernel."""
PASSING = ("Identity", "Cast")


class OnnxFile:
    """An ONNX file and its session, in which every node's output can be asked for.

    path: of the file. `sides`: (H, W) of its images, None where it leaves them open.
    """

    def __init__(self, path):
        import_both()
        import onnx

        self.path = path
        try:
            self.model = onnx.load(str(path))
            self.session = self._session(())
        except Exception as error:  # whatever the file's bytes lead them to
            received = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
            raise InputError(path, "an ONNX file", received) from error
        self.outputs = [one.name for one in self.session.get_outputs()]
        self.nodes = {name: node for node in self.model.graph.node for name in node.output}
        self.sessions = {}
        self._find_input()
        self.floats = self._float_outputs()

    def _session(self, names):
        import onnx
        import onnxruntime

        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        known = {one.name for one in model.graph.output}
        for name in names:
            if name not in known:
                model.graph.output.append(onnx.ValueInfoProto(name=name))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Fused, nodes round otherwise than apart: what is asked for must not change the scores.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        providers = ["CPUExecutionProvider"]
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=providers)

    def _find_input(self):
        inputs = self.session.get_inputs()
        shapes = [tuple(one.shape) for one in inputs]
        if len(inputs) != 1 or len(shapes[0]) != 4 or 3 not in (shapes[0][1], shapes[0][3]):
            expected = "one image input of shape (batch, 3, H, W) or (batch, H, W, 3)"
            raise InputError(self.path, expected, listing(map(str, shapes)))
        if inputs[0].type not in ("tensor(float)", "tensor(float16)", "tensor(double)"):
            raise InputError(self.path, "an image input of floats", inputs[0].type)
        (shape,) = shapes
        self.input, self.first = inputs[0].name, shape[3] != 3
        self.type = {"tensor(float16)": np.float16, "tensor(double)": np.float64}.get(
            inputs[0].type, np.float32
        )
        self.batch = shape[0] if isinstance(shape[0], int) else None
        sides = shape[2:] if self.first else shape[1:3]
        self.sides = tuple(side if isinstance(side, int) else None for side in sides)

    def _float_outputs(self):
        """Names of the outputs of all nodes that are floats, in the order of the nodes."""
        import onnx

        inferred = onnx.shape_inference.infer_shapes(self.model).graph
        kinds = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE}
        told = {one.name: one.type.tensor_type for one in (*inferred.value_info, *inferred.output)}
        return [
            name
            for node in self.model.graph.node
            for name in node.output
            if name in told and told[name].elem_type in kinds
        ]

    @property
    def told(self):
        """What the metadata say of its pixels: "range" and "order", where they do."""
        said = {one.key: one.value for one in self.model.metadata_props}
        found = {}
        for name, key, allowed in (
            ("range", "Image.NominalPixelRange", tuple(RANGES)),
            ("order", "Image.BitmapPixelFormat", ORDERS),
        ):
            if key in said:
                if said[key] not in allowed:
                    expected = f"{key} of {listing(allowed)}, or a preprocess that is given"
                    raise InputError(self.path, expected, said[key])
                found[name] = said[key]
        return found

    @property
    def first_kernel(self):
        """The first node with a kernel, or None."""
        return next((n for n in self.model.graph.node if n.op_type in KERNELS), None)

    def rank(self, name):
        """How many axes an output has."""
        return len(next(one.shape for one in self.session.get_outputs() if one.name == name))

    def before_softmax(self, name):
        """The tensor that has the scores of an output: what its softmax is of, where it has one."""
        node = self.nodes.get(name)
        while node is not None and node.op_type in PASSING:
            node = self.nodes.get(node.input[0])
        softmax = node is not None and node.op_type == "Softmax"
        return node.input[0] if softmax else name

    def run(self, names, inputs):
        """Float32 arrays by name of outputs of nodes. inputs: `(n, H, W, 3)`, channels last."""
        names = tuple(names)
        if names not in self.sessions:
            self.sessions[names] = self._session(names)
        session = self.sessions[names]
        given = np.asarray(inputs).astype(self.type)
        given = given.transpose(0, 3, 1, 2) if self.first else given
        parts = [given] if self.batch is None else _parts(given, self.batch)
        made = [session.run(list(names), {self.input: np.ascontiguousarray(p)}) for p in parts]
        joined = (np.concatenate(values)[: len(given)] for values in zip(*made, strict=True))
        return {name: v.astype(np.float32) for name, v in zip(names, joined, strict=True)}


def _parts(values, size):
    """Batches of one size, the last one filled up."""
    filled = np.concatenate([values, np.repeat(values[-1:], -len(values) % size, axis=0)])
    return np.split(filled, len(filled) // size)


def import_both():
    """`InputError` where the libraries of the extra are not installed."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        expected = "onnx and onnxruntime, which the extra keras_attn[onnx] brings"
        raise InputError("an .onnx file", expected, error) from error
