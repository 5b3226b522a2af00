"""The command that checks a report against its rows, and each run against its configuration."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from keras_attn import storage
from keras_attn.errors import InputError
from keras_attn.registry import register
from keras_attn.shell import quiet
from keras_attn.shell.command import Command


@dataclass(frozen=True)
class VerifyCommand:
    """Make a report's tables anew from its rows, and compare them with those that are there.

    Also whether rows have changed since, and whether weights are those of the configuration beside
    them. Nothing is written.
    """

    out: tyro.conf.Positional[Path]
    """Folder of a study, a comparison or a report, such as runs/miniature."""

    def __call__(self):
        """Say what differs, or that nothing does."""
        from keras_attn.report import verification

        found, cells = verification.differences(self.out)
        found += foreign_weights(self.out)
        for sentence in found:
            print(sentence)
        if found:
            raise InputError(self.out, "tables, rows and weights that fit", f"{len(found)} misfits")
        print(f"Verified: {cells} cells of tables are what the rows give.")


def foreign_weights(out):
    """A sentence for each run below a folder whose weights are of another run than its config."""
    quiet.import_tensorflow()
    from keras_attn import weights

    found = []
    for path in sorted(Path(out).expanduser().rglob(storage.RunFolder(Path()).weights.name)):
        record = storage.RunFolder(path.parent).record() or {}
        try:
            told = weights.settings(path).get("identity")
        except InputError as error:
            found.append(str(error))
            continue
        if told != record.get("identity"):
            found.append(f"{path}: the weights of another run than config.json describes")
    return found


register(Command("verify", VerifyCommand))
