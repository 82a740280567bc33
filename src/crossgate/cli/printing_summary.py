"""What `crossgate summarize` prints: one table a figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from crossgate.report.summary import Summary, Trend
from crossgate.report.summary.intervals import Interval
from crossgate.report.summary.parts import Quote
from crossgate.report.summary.shares import SpeakerShares, Third
from crossgate.report.summary.views import Figure

MOST_ROWS = 12
"""Of a list of shifts, turning points or reactions; JSON holds them all."""


def print_trend(trend: Trend) -> None:
    """Every speaker's shares from recording to recording."""
    console = _console()
    console.print(f"\nTrend over {len(trend.recordings)} recordings", style="bold")
    for number, name in enumerate(trend.recordings, 1):
        console.print(f"  {number}: {_clean(name)}")
    for speaker in trend.speakers:
        few = "; too few turns in one of them" if speaker.too_few else ""
        table = _table(f"{_clean(speaker.speaker)}{few}", "emotion", *_numbers(len(trend.recordings)))
        table.add_column("a recording", justify="right")
        table.add_column("change")
        rows = [*speaker.emotions, *([speaker.negative] if speaker.negative else [])]
        for one in rows:
            shares = [f"{_percent(share.estimate)} {_between(share.interval)}" for share in one.shares]
            slope = (
                f"{100 * one.slope:+.1f} ({100 * one.interval.low:+.1f} to {100 * one.interval.high:+.1f})"
            )
            table.add_row(one.emotion, *shares, slope, one.verdict)
        console.print(table)
    if trend.left_out:
        console.print(f"not in every recording: {', '.join(map(_clean, trend.left_out))}")
    for note in trend.notes:
        console.print(f"note: {note}")


def print_summary(summary: Summary) -> None:
    """The figures of one recording, in the view's order, and its notes."""
    console = _console()
    whose = "" if summary.speaker is None else f", {_clean(summary.speaker)}"
    console.print(f"\n{summary.title}: {_clean(summary.overview.recording)}{whose}", style="bold")
    for figure, heading in summary.headings.items():
        console.print(f"\n{heading}", style="bold")
        PRINTERS[figure](console, summary)
    console.print()
    for note in summary.notes:
        console.print(f"note: {note}")
    for warning in summary.overview.warnings:
        console.print(f"warning: {_clean(warning)}")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _overview(console: Console, summary: Summary) -> None:
    whole = summary.overview
    speech = "" if whole.seconds is None else f", {whole.seconds:.0f} s of speech"
    abstained = "" if whole.abstained is None else f"; {_percent(whole.abstained)} abstained"
    console.print(
        f"{_count(whole.turns, 'turn')} of {_count(len(whole.speakers), 'speaker')}{speech}{abstained}"
    )
    table = Table("modality", "present in turns", "mean share of the answer", box=None)
    for modality, present in whole.present.items():
        share = _percent(whole.shares[modality]) if modality in whole.shares else "-"
        table.add_row(modality, _percent(present), share)
    if whole.present:
        console.print(table)


def _speakers(console: Console, summary: Summary) -> None:
    console.print("share of turns, with 95 % intervals: of the speaker beyond them; if these were labelled")
    for one in summary.speakers or ():
        _shares(console, one, _size(one))


def _thirds(console: Console, summary: Summary) -> None:
    _by_thirds(console, summary.thirds or ())


def _negative(console: Console, summary: Summary) -> None:
    if summary.negative is None:
        return
    console.print(f"counted: {', '.join(summary.negative.emotions)}")
    for one in summary.negative.speakers:
        _shares(console, one, _size(one))
    _by_thirds(console, summary.negative.thirds)


def _shares(console: Console, one: SpeakerShares, title: str) -> None:
    table = _table(title, "emotion", "share", "95 %", "these turns")
    for share in one.shares:
        table.add_row(
            share.emotion,
            _percent(share.estimate),
            _between(share.interval),
            _between(share.in_these_turns),
        )
    console.print(table)


def _by_thirds(console: Console, thirds: Sequence[Third]) -> None:
    names = dict.fromkeys(one.speaker for third in thirds for one in third.speakers)
    for name in names:
        found = [next((one for one in third.speakers if one.speaker == name), None) for third in thirds]
        table = _table(_clean(name), "emotion", *(_third(third) for third in thirds))
        emotions = [share.emotion for one in found if one is not None for share in one.shares]
        for place, emotion in enumerate(dict.fromkeys(emotions)):
            table.add_row(emotion, *(_cell(one, place) for one in found))
        table.add_row("turns", *("0" if one is None else _turns(one) for one in found))
        console.print(table)


def _third(third: Third) -> str:
    if third.start is None or third.end is None:
        return f"third {third.number}"
    return f"{_clock(third.start)} to {_clock(third.end)}"


def _cell(one: SpeakerShares | None, place: int) -> str:
    if one is None:
        return "-"
    return f"{_percent(one.shares[place].estimate)} {_between(one.shares[place].interval)}"


def _shifts(console: Console, summary: Summary) -> None:
    if summary.shifts is None:
        return
    found = summary.shifts
    console.print(f"{len(found.found)} shifts in {found.compared} of {found.pairs} pairs of turns")
    table = Table("when", "who", "from", "to", "after", "what was said", box=None)
    for one in found.found[:MOST_ROWS]:
        follows = _clean(one.follows or "-")
        table.add_row(*_who(one.after), one.was, one.becomes, follows, _said(one.after))
    _print(console, table, len(found.found))


def _turning_points(console: Console, summary: Summary) -> None:
    points = summary.turning_points or ()
    if not points:
        console.print("none beyond chance")
    table = Table("when", "who", "change", "turns", "what was said", box=None)
    for one in points[:MOST_ROWS]:
        size = f"{one.turns_before} | {one.turns_after}"
        table.add_row(*_who(one.turn), one.in_words, size, _said(one.turn))
    _print(console, table, len(points))


def _moments(console: Console, summary: Summary) -> None:
    if not summary.moments:
        console.print("none")
    table = Table("", "when", "who", "why", "what was said", box=None)
    for one in summary.moments or ():
        why = "\n".join(reason.in_words for reason in one.reasons)
        table.add_row(str(one.rank), *_who(one.turn), why, _said(one.turn))
    _print(console, table, 0)


def _reactions(console: Console, summary: Summary) -> None:
    found = sorted(summary.reactions or (), key=lambda one: -one.pairs)
    if not found:
        console.print("no speaker follows another")
    for one in found[:MOST_ROWS]:
        few = ": too few pairs" if one.too_few else ""
        title = f"{_clean(one.then)} after {_clean(one.first)}, {one.pairs} pairs{few}"
        table = _table(title, "after", *summary.labels, "pairs")
        for row in one.rows:
            shares = row.probabilities or {}
            cells = [_percent(shares[label]) if label in shares else "-" for label in summary.labels]
            table.add_row(row.emotion, *cells, f"{row.pairs:.1f}{' (too few)' if row.too_few else ''}")
        console.print(table)
    if len(found) > MOST_ROWS:
        console.print(f"... and {len(found) - MOST_ROWS} more pairs of speakers; --out writes them all")


def _last_states(console: Console, summary: Summary) -> None:
    table = Table("when", "who", "emotion", "sure", "what was said", box=None)
    for one in summary.last_states or ():
        sure = f"{_percent(one.turn.confidence)}{', abstained' if one.abstained else ''}"
        table.add_row(*_who(one.turn), one.turn.emotion, sure, _said(one.turn))
    _print(console, table, 0)


PRINTERS: dict[Figure, Callable[[Console, Summary], None]] = {
    "overview": _overview,
    "speakers": _speakers,
    "thirds": _thirds,
    "negative": _negative,
    "shifts": _shifts,
    "turning_points": _turning_points,
    "moments": _moments,
    "reactions": _reactions,
    "last_states": _last_states,
}


def _console() -> Console:
    # Names and texts come from files: brackets and colons in them are not markup.
    return Console(highlight=False, markup=False, emoji=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left")
    return table


def _print(console: Console, table: Table, rows: int) -> None:
    if table.row_count:
        console.print(table)
    if rows > MOST_ROWS:
        console.print(f"... and {rows - MOST_ROWS} more; --out writes them all")


def _numbers(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


def _size(one: SpeakerShares) -> str:
    seconds = "" if one.seconds is None else f", {one.seconds:.0f} s"
    return f"{_clean(one.speaker)}: {_turns(one)}{seconds}"


def _turns(one: SpeakerShares) -> str:
    few = ", too few turns" if one.too_few else ""
    abstained = f", {one.abstained} abstained" if one.abstained else ""
    return f"{one.turns} turn{'' if one.turns == 1 else 's'}{abstained}{few}"


def _who(turn: Quote) -> tuple[str, str]:
    return turn.id if turn.start is None else _clock(turn.start), _clean(turn.speaker)


def _said(turn: Quote) -> str:
    return _clean(turn.text or "-")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _between(interval: Interval) -> str:
    return f"({100 * interval.low:.0f}-{100 * interval.high:.0f})"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _clean(text: str) -> str:
    """Without control characters, which a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
