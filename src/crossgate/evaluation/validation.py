"""The figures of one look at the validation part, while training goes on."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import f1_score

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.predictor import Predictions


def validation_figures(predictions: Predictions) -> dict[str, float]:
    """Accuracy, F1 and loss of the full view, and the weighted F1 of every other view."""
    labelled = predictions.labels != UNLABELLED
    labels = predictions.labels[labelled]
    if not labels.size:
        raise InputError("no utterance of the validation part is labelled", fix="selection needs labels")
    probabilities = predictions.probabilities[labelled]
    likeliest = probabilities.argmax(axis=-1)
    chosen = np.clip(probabilities[np.arange(len(labels)), labels], 1e-12, 1)
    figures = {
        "validation/accuracy": float((likeliest == labels).mean()),
        "validation/weighted_f1": float(f1_score(labels, likeliest, average="weighted", zero_division=0)),
        "validation/macro_f1": float(f1_score(labels, likeliest, average="macro", zero_division=0)),
        "validation/negative_log_likelihood": float(-np.log(chosen).mean()),
    }
    scores = view_scores(predictions)
    full = predictions.names[-1]
    return figures | {f"validation/weighted_f1_{name}": f1 for name, f1 in scores.items() if name != full}


def view_scores(predictions: Predictions) -> dict[str, float]:
    """Weighted F1 of every view on the labelled utterances where its modalities are present.

    A view that has no such utterance has no entry.
    """
    scores = {}
    for index, name in enumerate(predictions.names):
        counted = (predictions.labels != UNLABELLED) & predictions.valid[index]
        if counted.any():
            answer = predictions.views[index][counted].argmax(axis=-1)
            truth = predictions.labels[counted]
            scores[name] = float(f1_score(truth, answer, average="weighted", zero_division=0))
    return scores
