"""Options that hold a name out of a registry, as the parser takes them and as help lists them."""

import tyro

from keras_attn.configs.names import Name

RULES = tyro.constructors.ConstructorRegistry()
"""Entered as a context, the parser knows such options."""


@RULES.primitive_rule
def _of_registry(info):
    """What reads a `configs.names.Name`; None for all other types."""
    hint = info.type
    if not (isinstance(hint, type) and issubclass(hint, Name)):
        return None
    allowed = hint.allowed()
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="{" + ",".join(allowed) + "}" + (f"|{hint.besides}" if hint.besides else ""),
        instance_from_str=lambda words: words[0],
        is_instance=lambda value: isinstance(value, str),
        str_from_instance=lambda value: [str(value)],
        choices=allowed if hint.parsed else None,
    )
