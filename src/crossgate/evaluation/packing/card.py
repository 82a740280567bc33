"""The card of a checkpoint: what it is, by which command, measured how; every figure is filled in."""

from __future__ import annotations

from string import Template
from typing import Any

from crossgate.evaluation.packing.front_matter import split_front_matter, with_front_matter
from crossgate.evaluation.packing.measure import Measured
from crossgate.evaluation.run_folder import FOLDS
from crossgate.models.checkpoint import Checkpoint
from crossgate.models.temperature import Temperature

TEMPLATE = Template("""\
# $name

Expressed emotion of every utterance of a conversation: $emotions. Reads $modalities; $reach.

$text

## Trained on what, by which command

| | |
|---|---|
| corpus | $corpus |
| its licence, as its table states | $licence |
| its source | $source |
| command | $run_command |
| seed | $seed |
| epoch | $epoch |
| features | $features |
| data, SHA-256 | $data |
| versions | $versions |
| finished | $finished |
| size | $size |

Openings of the test split on the run's record when it was packed: $openings. `config.json` and `packed.json`
beside this file hold all settings and figures for programs.

## Measured

$measured_on By `$command`.

| measure | value | 95 % interval over conversations |
|---|---|---|
$scores

| emotion | utterances | precision | recall | F1 |
|---|---|---|---|---|
$classes

### With some modalities only

$subsets

## Calibration

The logits are divided by a temperature, $temperature: the one of the highest likelihood, which need not have
the lowest error. $others Expected calibration error (15 bins) before $before %, after **$after %**$crossed.

Below a confidence of $threshold a prediction abstains: the smallest at which $target % of the answers kept
are right ($accuracy % are); $coverage % of the utterances are answered.

## Use

```
${evaluate}crossgate predict $name --data DIR --split test --out emotions.parquet
```

```python
import crossgate

model = crossgate.load("$name")
```
""")


def card_of(text: str, packed: dict[str, Any], checkpoint: Checkpoint, measured: Measured, size: int) -> str:
    """The card as Markdown with the hub's front matter.

    Args:
        text: Markdown by the trainer, with front matter of its own where it wants to.
        packed: the content of `packed.json`.
        checkpoint: what ships.
        measured: what was measured of it.
        size: of its files, bytes.
    """
    metadata, words = split_front_matter(text)
    run, report = packed["run"], measured.report
    weights = sum(value.numel() for value in checkpoint.network.state_dict().values())
    calibration, abstention = report.calibration, measured.abstention
    body = TEMPLATE.substitute(
        name=packed["name"],
        emotions=", ".join(checkpoint.labels.labels),
        modalities=", ".join(checkpoint.network.modalities) + " or any of them",
        reach=(
            "causal, from the past and the present turn alone, for live use"
            if checkpoint.settings.causal
            else "each turn in the light of the whole conversation"
        ),
        text=words.strip(),
        corpus=_cell(run["corpus"]["name"]),
        licence=_cell(run["corpus"]["licence"]),
        source=_cell(run["corpus"]["source"]),
        run_command=f"`{_cell(run['command'])}`",
        seed=_seed(run, checkpoint.network.views[-1]),
        epoch=f"{_epochs(run)}, selected by {run['outcome'].get('selected_by')}",
        features=_cell(", ".join(str(spec) for specs in checkpoint.specs.values() for spec in specs)),
        data=", ".join(f"{name} `{value[:16]}…`" for name, value in run["data"]["sha256"].items()),
        versions=_versions(run),
        finished=_cell(run["finished"]),
        size=f"{weights:,} parameters in half precision; {size / 1e6:.2f} MB with all files but this",
        openings=run["test_openings"],
        command=packed["command"],
        measured_on=_measured_on(packed, measured),
        scores="\n".join(_scores(measured)),
        classes="\n".join(
            f"| {one.emotion} | {one.support} | "
            + " | ".join(_percent(value) for value in (one.precision, one.recall, one.f1))
            + " |"
            for one in report.metrics.classes
        ),
        subsets=_subsets(measured),
        temperature=f"{measured.temperature.usual:.3f}",
        others=_other_temperatures(measured.temperature),
        before=_percent(measured.error_before),
        after=_percent(calibration.expected_calibration_error),
        crossed=_crossed(measured),
        threshold=f"{abstention.threshold:.3f}",
        target=f"{100 * abstention.target:g}",
        accuracy=_percent(abstention.accuracy),
        coverage=_percent(abstention.coverage),
        evaluate=_evaluate(packed),
    )
    return with_front_matter(body, metadata)


def _measured_on(packed: dict[str, Any], measured: Measured) -> str:
    count = f"{measured.report.metrics.utterances} labelled utterances"
    if packed["fitted_on"]["split"] == FOLDS:
        return (
            f"On {count}, each predicted by a network that had not seen its group; the one that ships was "
            "then fitted on all of them. **Epoch, temperature and threshold were chosen "
            "by these predictions.**"
        )
    given = packed["fitted_on"].get("given")
    shown = f" given {given} alone, the other modalities hidden" if given else ""
    return (
        f"On the {packed['fitted_on']['split']} split, {count}, as it ships{shown}. **Epoch, temperature and "
        "threshold were chosen on these utterances**, so expect a little less on others."
    )


def _scores(measured: Measured) -> list[str]:
    names = {"weighted_f1": "weighted F1, %", "macro_f1": "macro F1, %", "accuracy": "accuracy, %"}
    rows = []
    for name, words in names.items():
        interval = measured.report.intervals.scores.get(name) if measured.report.intervals else None
        between = f"{_percent(interval.low)} to {_percent(interval.high)}" if interval else ""
        rows.append(f"| {words} | {_percent(measured.report.scores()[name])} | {between} |")
    return rows


def _subsets(measured: Measured) -> str:
    if len(measured.subsets) < 2:
        return "Not measured: this run kept no such predictions of its folds."
    lines = [
        "The other modalities are hidden from the network; t is text, a audio, v visual.",
        "",
        "| given | weighted F1, % | macro F1, % | accuracy, % | calibration error, % |",
        "|---|---|---|---|---|",
    ]
    for name, scores in measured.subsets.items():
        lines.append(f"| {name} | " + " | ".join(_percent(value) for value in scores.values()) + " |")
    return "\n".join(lines)


def _other_temperatures(temperature: Temperature) -> str:
    if not temperature.given:
        return "It is that of every input."
    others = ", ".join(f"{name} {value:.3f}" for name, value in temperature.given.items())
    return f"Turns with these modalities and no other have their own: {others}."


def _crossed(measured: Measured) -> str:
    if measured.error_crossed is None:
        return ""
    return (
        f"; {_percent(measured.error_crossed)} % where each half of the conversations was calibrated by the "
        "other half"
    )


def _evaluate(packed: dict[str, Any]) -> str:
    """The line that measures it again; after folds there is no split that the network has not read."""
    split = packed["fitted_on"]["split"]
    return "" if split == FOLDS else f"crossgate evaluate {packed['name']} --data DIR --split {split}\n"


def _seed(run: dict[str, Any], modalities: str) -> str:
    """Which seeds ship, and the spread of all given what chose the epoch, or all `modalities`."""
    seeds = run.get("seeds")
    given = ((run.get("experiment") or {}).get("selection") or {}).get("given") or modalities
    if not seeds:
        return f"{run['seed']}, the only one: no spread is known"
    score = seeds["scores"]["weighted_f1"]
    spread = score.get("standard_deviation")
    alone = _percent(score["mean"]) + (f" ± {_percent(spread)} %" if spread is not None else " %")
    if "together" in run:
        names = ", ".join(str(one["seed"]) for one in run["together"])
        return (
            f"{names}, all of them: their probabilities are averaged; weighted F1 of each alone, "
            f"given {given}, {alone}"
        )
    return (
        f"{run['seed']}, named beforehand, not by its score; weighted F1 of all {len(seeds['seeds'])} seeds, "
        f"given {given}, {alone}"
    )


def _epochs(run: dict[str, Any]) -> str:
    together = run.get("together") or [{"epoch": run["outcome"].get("epoch")}]
    return ", ".join(str(one["epoch"]) for one in together)


def _versions(run: dict[str, Any]) -> str:
    found = {"crossgate": run["crossgate"], "Python": run["python"], **(run["versions"] or {})}
    return ", ".join(f"{name} {version}" for name, version in found.items() if version)


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def _cell(value: Any) -> str:
    """A value in a cell of a Markdown table."""
    return str("unknown" if value is None else value).replace("|", "\\|").replace("\n", " ")
