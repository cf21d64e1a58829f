"""Dropping features while every document keeps its class and half its lead."""

from __future__ import annotations

import numba as nb


@nb.njit(nogil=True)
def place_documents(rows, ends, first, starts, documents):
    """Turn documents' features around: `documents` gets each feature's documents.

    starts int64 [F]: where the next document of each feature goes; moved along.
    """
    begin = 0
    for number in range(ends.size):
        for at in range(begin, ends[number]):
            row = rows[at]
            documents[starts[row]] = first + number
            starts[row] += 1
        begin = ends[number]


@nb.njit(nogil=True)
def drop_features(order, stops, documents, weights, predicted, floors, scores, kept):
    """Try to drop each feature in `order`; `kept` [F] is set false for those that went.

    Feature f is in `documents[stops[f − 1]:stops[f]]`. scores float64 [D, C] are what is left;
    the lead of a document's predicted class over each other one may not fall below `floors`
    [D, C].
    """
    classes = weights.shape[1]
    for feature in order:
        begin = stops[feature - 1] if feature else 0
        for at in range(begin, stops[feature]):
            for label in range(classes):
                scores[documents[at], label] -= weights[feature, label]
        fine = True
        for at in range(begin, stops[feature]):
            document = documents[at]
            winner = predicted[document]
            for label in range(classes):
                if scores[document, winner] - scores[document, label] < floors[document, label]:
                    fine = False
                    break
            if not fine:
                break
        if fine:
            kept[feature] = False
        else:
            for at in range(begin, stops[feature]):
                for label in range(classes):
                    scores[documents[at], label] += weights[feature, label]
