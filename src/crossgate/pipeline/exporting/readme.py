"""What a folder of ONNX files says of itself to people."""

from __future__ import annotations

from typing import Any

TEXT = """\
## text.onnx

Reads windows of turns, cut into tokens by the tokenizer of `{base}`: the mark that begins ([CLS]), then for
every turn {names}its words and the mark that ends ([SEP]).
`ids` are the tokens, `turns` the number of the turn in its window that a token belongs to (-1 for the first
mark, -2 for padding), `words` is true for what is averaged: words and last mark. `numbers` is 0, 1, ... up to
the most turns of a window. At most {max_tokens} tokens a window, {turn_tokens} a turn.
The log-probabilities are those of the head `{head}`: {labels}.
"""

FACE = """\
## face.onnx

Reads grey faces of {side} x {side} pixels in [0, 1], upright, from about the hairline to the chin; brightness
and contrast are taken out by the graph. A softmax of the logits gives the probabilities of the expressions
{expressions}. The embedding, averaged over the faces of an utterance, is the visual feature.
"""

FUSION = """\
## fusion.onnx

Reads the features of whole conversations, standardised: (value - mean) * scale, cut at ± limit, 0 where
nothing was measured (`standardisation` in onnx.json). `present` is false where an utterance lacks a modality
({modalities}), `speakers` counts persons in the order in which they first speak, `turns` is false
at padding. {relative}
`probabilities` are calibrated (the temperature is in the graph); the last view is the answer. What stands at
padding means nothing.
"""


def readme(description: dict[str, Any]) -> str:
    """The folder's README.md, from what its onnx.json says."""
    graphs = description["graphs"]
    parts = [
        "# A checkpoint of crossgate as ONNX\n\n"
        f"Emotions, in the order of every distribution: {', '.join(description['labels'])}. "
        f"Views: {', '.join(description['views'])}. Networks that answer as one: {description['members']}.\n"
        f"Every graph was compared with PyTorch by ONNX Runtime on random inputs: within "
        f"{description['tolerance']:g} everywhere. All of this stands in `onnx.json`, for programs.\n"
    ]
    if "text" in graphs:
        text = graphs["text"]
        names = "the speaker's name and a colon (at most six tokens), " if text["names"] else ""
        parts.append(TEXT.format(**text | {"names": names, "labels": ", ".join(text["labels"])}))
    if "face" in graphs:
        face = graphs["face"]
        parts.append(FACE.format(side=face["side"], expressions=", ".join(face["expressions"])))
    relative = ""
    if description["speaker_relative"]:
        named = " and ".join(description["speaker_relative"])
        relative = f"The {named} vector is followed by its difference from its speaker's mean."
    parts.append(FUSION.format(modalities=", ".join(description["modalities"]), relative=relative))
    lines = ["## Inputs and outputs\n", "| graph | name | | type | shape |", "|---|---|---|---|---|"]
    for name, graph in graphs.items():
        for kind in ("inputs", "outputs"):
            for tensor, found in graph[kind].items():
                shape = ", ".join(
                    axis if isinstance(length, str) else f"{axis} {length}"
                    for axis, length in zip(found["axes"], found["shape"], strict=True)
                )
                lines.append(f"| {name} | `{tensor}` | {kind[:-1]} | {found['type']} | {shape} |")
    return "\n".join([*parts, *lines]) + "\n"
