"""What other libraries return for kinds of maps, by the definitions of docs/attributions.md.

Each peer is a function without arguments that returns maps `(2, h, w)` by kind, for those of the
pixels, or by kind and layer. They are what a library has before it resizes and normalises. Where it
sums up colours, windows or masks in another way, the rest is done here, on its values.
"""

from unittest.mock import patch

import numpy as np
from attribution_case import LAYERS, POOLED, case, keras_network, torch_network

WINDOW, STRIDE, GREY = (4, 2), (2, 1), 127.5
"""An eighth of each side, half of one apart."""
NOISE, SHOWN = 0.15, 0.5


# --- PyTorch --------------------------------------------------------------------------------------


def captum():
    """Captum: all that follows from slopes of pixels, occlusion, and Grad-CAM."""
    import torch
    from captum import attr

    network, images = torch_network()
    classes = torch.tensor(case()["classes"])
    slopes = attr.Saliency(network)

    def colours(found):
        return found.detach().numpy().transpose(0, 2, 3, 1)

    def smooth(image, target):
        noise = torch.tensor(case()["noise"].transpose(0, 3, 1, 2).copy())
        with patch.object(torch, "normal", lambda mean, spread: spread * noise):
            return attr.NoiseTunnel(slopes).attribute(
                image[None],
                nt_samples=len(noise),
                stdevs=NOISE * float(image.max() - image.min()),
                target=target[None],
                abs=False,
            )

    smoothed = torch.cat([smooth(*pair) for pair in zip(images, classes, strict=True)])
    by_input = attr.InputXGradient(network).attribute(images, target=classes)
    added = attr.IntegratedGradients(network).attribute(
        images, 0 * images, target=classes, n_steps=50, method="gausslegendre"
    )
    windows = {"sliding_window_shapes": (3, *WINDOW), "strides": (3, *STRIDE)}
    hidden = attr.Occlusion(network).attribute(images, baselines=GREY, target=classes, **windows)
    of_layers = {
        name: attr.LayerGradCam(network, getattr(network, name))
        .attribute(images, target=classes, relu_attributions=name != POOLED)
        .detach()
        .numpy()[:, 0]
        for name in (*LAYERS, POOLED)
    }
    # The slope of an average is the weight over the number of positions.
    positions = np.prod(of_layers[POOLED].shape[1:])
    return {
        ("cam", POOLED): positions * of_layers[POOLED],
        **{("grad_cam", name): of_layers[name] for name in LAYERS},
        "gradient": colours(slopes.attribute(images, target=classes)).max(axis=-1),
        "smooth_grad": np.abs(colours(smoothed)).max(axis=-1),
        "gradient_times_input": np.abs(colours(by_input).sum(axis=-1)),
        "integrated_gradients": np.abs(colours(added).sum(axis=-1)),
        "occlusion": colours(hidden)[..., 0],
    }


def pytorch_grad_cam():
    """pytorch-grad-cam: Grad-CAM and what came of it, neither normalised nor resized.

    Score-CAM enlarges by pixels' centres, as its authors' code does, not by corners.
    """
    import pytorch_grad_cam as peer
    import torch
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    network, images = torch_network()
    targets = [ClassifierOutputTarget(int(target)) for target in case()["classes"]]
    kinds = {"grad_cam": peer.GradCAM, "grad_cam_plus_plus": peer.GradCAMPlusPlus}
    kinds |= {"layer_cam": peer.LayerCAM, "score_cam": peer.ScoreCAM}

    def enlarged(size):
        return torch.nn.Upsample(size=size, mode="bilinear", align_corners=False)

    with (
        patch.object(peer.base_cam, "scale_cam_image", lambda maps, size=None: maps),
        patch.object(torch.nn, "UpsamplingBilinear2d", enlarged),
    ):
        return {
            (kind, name): method(network, [getattr(network, name)])(images, targets)
            for kind, method in kinds.items()
            for name in LAYERS
        }


# --- TensorFlow -----------------------------------------------------------------------------------


def xplique():
    """Xplique; not its Grad-CAM++, which has a mean for a sum, nor its rule of integrals."""
    import tensorflow as tf
    from xplique import attributions as attr

    network, images = keras_network(), tf.constant(case()["images"])
    targets, masks = tf.one_hot(case()["classes"], 4), case()["masks"][..., None]

    def smooth(image, target):
        spread = float(NOISE * (tf.reduce_max(image) - tf.reduce_min(image)))
        drawn = patch.object(tf.random, "normal", lambda *_, **__: spread * case()["noise"])
        method = attr.SmoothGrad(network, nb_samples=5, noise=spread, reducer=None)
        with drawn:
            return method(image[None], target[None])

    def probability(model, pixels, target):
        return tf.reduce_sum(tf.nn.softmax(model(pixels)) * target, axis=-1)

    def masked(image, some, _):
        return image[None] * some, some

    windows = {"patch_size": WINDOW, "patch_stride": STRIDE}
    falls = attr.Occlusion(network, occlusion_value=GREY, **windows)(images, targets)
    seen = tf.reduce_sum(
        tf.cast(attr.Occlusion._get_masks((32, 16, 3), WINDOW, STRIDE), tf.float32), 0
    )
    with (
        patch.object(attr.Rise, "_get_masks", lambda *_: tf.constant(masks)),
        patch.object(attr.Rise, "_apply_masks", masked),
    ):
        shares = attr.Rise(network, operator=probability)(images, targets)[..., 0]
    weights = (masks[..., 0].sum(axis=0) + attr.Rise.EPSILON) / (len(masks) * SHOWN)
    by_input = attr.GradientInput(network, reducer=None)(images, targets)
    smoothed = np.concatenate([smooth(*pair) for pair in zip(images, targets, strict=True)])
    with patch.object(tf.image, "resize", lambda maps, size, method: maps):
        cams = {n: attr.GradCAM(network, conv_layer=n)(images, targets) for n in LAYERS}
    return {
        **{("grad_cam", name): maps[..., 0] for name, maps in cams.items()},
        "gradient": attr.Saliency(network, reducer="max")(images, targets)[..., 0],
        "smooth_grad": np.abs(smoothed).max(axis=-1),
        "gradient_times_input": np.abs(np.sum(by_input, axis=-1)),
        "occlusion": falls[..., 0] / seen,
        "rise": shares * weights,
    }


def tf_keras_vis():
    """tf-keras-vis; not its Grad-CAM++, whose shares add up to 1, nor its Score-CAM.

    Whose softmax is over the classes, not over the channels.
    """
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.scores import CategoricalScore

    network, images = keras_network(), case()["images"]
    score = CategoricalScore([int(target) for target in case()["classes"]])
    slopes, raw = Saliency(network), {"normalize_map": False, "keepdims": True}
    kinds = {"grad_cam": Gradcam(network), "layer_cam": Layercam(network)}
    drawn = patch.object(np.random, "normal", lambda mean, spread, _: spread * noise)
    noise = case()["noise"][:, None]
    with drawn:
        own = {"smooth_samples": len(noise), "smooth_noise": NOISE, "gradient_modifier": None}
        smoothed = slopes(score, images, **own, **raw)
    return {
        **{
            (kind, name): method(score, images, name, expand_cam=False, normalize_cam=False)
            for kind, method in kinds.items()
            for name in LAYERS
        },
        "gradient": np.max(slopes(score, images, **raw), axis=-1),
        "smooth_grad": np.abs(smoothed).max(axis=-1),
    }


PEERS = {f.__name__: f for f in (captum, pytorch_grad_cam, xplique, tf_keras_vis)}
