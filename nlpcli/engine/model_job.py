"""Files of any family: what one holds (`inspect`), and several added up (`merge`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.engine.io import model_file
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.model_file import ModelInfo
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import SettingsError
from nlpcli.settings.embeddings import GloveResources

if TYPE_CHECKING:
    from nlpcli.engine.classify.naive_bayes import NaiveBayes
    from nlpcli.engine.cooccurrence.count_files import Cooccurrence


@plain_settings
def inspect(model: str, *, verify: bool = False) -> ModelInfo:
    """What a model file says of itself; its arrays are not read, but to `verify` their checksum.

    A file of fastText's has none: it is read to its end, and its sizes are checked.

    Raises ModelError for a file that is no model, is damaged, or is of a newer format.
    """
    if model_file.first_bytes(model, 9)[8:] != b"{":
        from nlpcli.engine.io import fasttext_file

        if fasttext_file.is_fasttext(model):
            with fasttext_file.opened(model) as source:
                return fasttext_file.read_info(source, model)
    info = model_file.read_info(model)
    if verify:
        model_file.verify_digest(info)
    return info


@plain_settings
def merge(
    paths: Paths,
    output: str,
    resources: GloveResources = GloveResources(),
    *,
    progress: Progress = SILENT,
) -> NaiveBayes | Cooccurrence:
    """Naive Bayes models, or counts of `cooccur` (.npz), added up: as if made of all the text at once.

    Raises ModelError and SettingsError for parts that were made in different ways.
    """
    if not paths:
        raise SettingsError("no files to add up are named")
    check_writable(output)
    if all(path.endswith(".npz") for path in paths):
        from nlpcli.engine.cooccurrence.count_files import merge_files

        return merge_files(paths, output, resources, progress)
    from nlpcli.engine.classify.job import merge_classifiers

    return merge_classifiers(paths, output, progress)
