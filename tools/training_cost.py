"""What attention costs in training: seconds a step and peak memory, beside the bare network.

    python tools/training_cost.py                                    all of Task 1, 15 to 20 minutes
    python tools/training_cost.py --backbones vgg16 --attentions activation supervised
    python tools/training_cost.py --weights vgg16=vgg16_..._notop.h5

At the paper's size and batch, on drawn scenes of 300×400 through the real reader and pipeline. Each
case runs in a process of its own: one epoch of two steps to trace and warm up, one that is timed.
`encoder` is the dilated backbone alone; `activation` is the whole network without attention.
"""

import sys

import cases

ENCODER = "encoder"
STEPS = 2


def measure(backbone, attention, weights):
    """Train for two epochs of two steps; print seconds a step, peak memory and the loss."""
    import keras

    import keras_attn as ka
    from keras_attn import tasks
    from keras_attn.models.common import image_input_of

    mechanism = "activation" if attention == ENCODER else attention
    config = ka.configs.salient_object("paper", backbone=backbone, attention=mechanism)
    begun = "file" if weights else "none"
    config = ka.configs.changed(config, epochs=2, weights=weights, pretraining=begun)
    batch = config.training.batch_size
    data = ka.datasets.miniature("dut_omron", images=STEPS * batch, shape=(300, 400))
    task = tasks.of(config)
    config = task.resolved(config, data)
    keras.utils.set_random_seed(0)
    model = task.build(config)
    plan = task.plan(config, data)
    if attention == ENCODER:
        features = model.get_layer(ka.models.backbone(backbone).stages[-1]).output
        encoder = keras.Model({"image": image_input_of(model)}, {"features": features})
        encoder.compile(keras.optimizers.Adam(config.training.learning_rate), {"features": "mse"})
        zeros = keras.ops.zeros((batch, *features.shape[1:]))
        made = plan.batches(model, 0).map(lambda x, y: (x, {"features": zeros}))
        model = encoder
    else:
        made = plan.batches(model, 0)
    seconds, loss = cases.time_a_step(model, made, STEPS)
    cases.report(seconds=seconds, loss=loss)


def table(backbone, attentions, weights):
    """Measure one backbone, and print a row for each case."""
    seconds = {}
    for attention in (ENCODER, *attentions):
        case = [backbone, attention, *([weights] if weights else [])]
        found = cases.in_a_process(__file__, *case)
        seconds[attention] = found["seconds"]
        ratios = [
            f"{found['seconds'] / seconds[base]:6.2f}" if base in seconds else "     –"
            for base in (ENCODER, "activation")
        ]
        print(
            f"{backbone:9s} {attention:11s} {found['seconds']:7.2f} s/step  "
            f"× encoder {ratios[0]}  × activation {ratios[1]}  "
            f"{found['peak']:5.2f} GB  loss {found['loss']:.4f}",
            flush=True,
        )


def main():
    """Parse the arguments and measure."""
    if sys.argv[1:2] == ["--case"]:
        backbone, attention, *weights = sys.argv[2:]
        measure(backbone, attention, weights[0] if weights else None)
        return
    from keras_attn.mechanisms import MECHANISMS

    arguments = cases.arguments(__doc__, attentions=tuple(MECHANISMS))
    for backbone in arguments.backbones:
        table(backbone, list(arguments.attentions), arguments.files.get(backbone))


if __name__ == "__main__":
    main()
