"""Errors for people: what is wrong, where, and what to do about it."""


class CrossgateError(Exception):
    """Base of every error this package raises on purpose; the command line prints it without a traceback.

    Args:
        what: what is wrong, with the value found and the value expected.
        where: the place: file, split, row, conversation, utterance, setting or second.
        fix: what the user can do.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None) -> None:
        self.what = what
        self.where = where
        self.fix = fix
        lines = [what if where is None else f"{where}: {what}"]
        if fix is not None:
            lines.append(f"  -> {fix}")
        super().__init__("\n".join(lines))


class InputError(CrossgateError):
    """Something the user gave cannot be used; exit code 2."""

    exit_code = 2


class WriteError(CrossgateError, OSError):
    """A disk does not take what is to be written: it is full, over its quota or failing; exit code 1.

    It is an OSError too, for whoever can do without the file.
    """


def reason_of(error: Exception) -> str:
    """The first line of what a library's error says, or its name where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
