"""A training of topics that was interrupted, as a file from which it goes on as if nothing had happened.

It holds the topic of every token and the priors of the topics, from which all else follows, and the digest of
what is learnt from: with other texts or other settings nothing can go on; more sweeps may be asked for.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.io.model_file import Model, read_model, write_model
from nlpcli.engine.topics.lda import Standing, Training
from nlpcli.engine.topics.seed_words import Seeds
from nlpcli.engine.topics.topic_model import UNFINISHED
from nlpcli.errors import ModelError
from nlpcli.settings.topics import TopicSettings
from nlpcli.wording import counted


def digest_of(corpus: EncodedCorpus, settings: TopicSettings, seeds: Seeds) -> str:
    """A sum of all that decides what is learnt, but for the number of sweeps."""
    record = settings.to_record()
    del record["iterations"]
    total = hashlib.sha256(np.ascontiguousarray(corpus.ids).data)
    for array in (corpus.offsets, *corpus.vocabulary.packed, seeds.pairs):
        total.update(np.ascontiguousarray(array).data)
    total.update(json.dumps(record, sort_keys=True).encode())
    return total.hexdigest()


def save(training: Training, path: str, digest: str) -> None:
    """Write where the training stands."""
    standing = training.standing
    tensors: dict[str, NDArray[Any]] = {"topics": standing.topics, "alpha": standing.alpha}
    sizes = {"tokens": len(standing.topics), "num_topics": len(standing.alpha)}
    write_model(path, UNFINISHED, {"digest": digest, "done": standing.done, **sizes}, tensors)


def read(path: str) -> Model:
    """A checkpoint. Raises ModelError for another file."""
    return read_model(path, UNFINISHED)


def restore(training: Training, stored: Model, path: str, digest: str) -> None:
    """Let the training go on from where it stood. Raises ModelError for a file of another training."""
    done, found = stored.fields["done"], stored.tensors
    topics, alpha = training.standing.topics, training.standing.alpha
    if stored.fields["digest"] != digest or topics.shape != found["topics"].shape:
        raise ModelError(
            f"{path} is of another training: the texts or the settings are not the same",
            hint="repeat the command that was interrupted, and add --resume",
        )
    if alpha.shape != found["alpha"].shape:
        raise ModelError(f"{path} is damaged: no training can have come there", hint="train anew")
    if done > training.settings.iterations:
        raise ModelError(
            f"{path} has made {counted(done, 'sweep')} already",
            hint=f"--iterations {done} or more goes on with it",
        )
    training.restore(Standing(done, np.array(found["topics"]), np.array(found["alpha"])))
