"""Masked words: `train-mlm` learns them from running text, `fill-mask` finds them.

text ─ analysis ─▶ ids ─▶ train ─▶ file ─▶ words for masks, or another training (`--init`)
"""

from __future__ import annotations

from collections.abc import Iterable

from nlpcli.engine.corpus.encoding import encode
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.questions import Answers, Questions
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.sequences.learning import Network, learnt
from nlpcli.engine.sequences.masked_lm import Filled, MaskedLM
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.settings.charlm import CheckpointSettings
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.masked import MASKED_TRAINING, FillSettings, MaskedSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings
from nlpcli.wording import counted


@plain_settings
def train_mlm(
    paths: Paths,
    output: str,
    settings: MaskedSettings = MaskedSettings(),
    *,
    encoder: EncoderSettings = EncoderSettings(),
    training: NetworkTraining = MASKED_TRAINING,
    resume: str | None = None,
    checkpoints: CheckpointSettings = CheckpointSettings(),
    analysis: AnalysisSettings = AnalysisSettings(),
    reading: TextInputSettings = TextInputSettings(),
    progress: Progress = SILENT,
) -> MaskedLM:
    """A masked language model of the words in some texts, written to `output`.

    Every line is read for itself. Some lines are held out, by which the best weights are chosen.

    Raises InputError for a text without a word that is frequent enough, ModelError for a checkpoint to
    `resume` that is of another training. An interrupted training leaves a checkpoint.
    """
    from nlpcli.engine.sequences.masked_training import MaskedTraining

    check_writable(output)
    corpus = encode(paths, analysis, VocabularySettings(), reading, progress)
    begun = MaskedTraining(corpus, analysis, settings, encoder, training)
    learning = Network(begun, told=begun.told)
    model: MaskedLM = learnt(learning, output, resume, checkpoints.checkpoint_every, progress)
    progress.note(f"{output}: {counted(len(corpus.ids), 'word')}, {len(model.words):,} of them can be found")
    return model


@plain_settings
def fill_mask(
    model: str,
    texts: Iterable[str] | None = None,
    settings: FillSettings = FillSettings(),
    *,
    progress: Progress = SILENT,
) -> Answers[list[Filled]]:
    """Each of some texts with the likeliest words for its masks, best first.

    Without `texts` they are read from stdin, one per line, as they arrive; those without a mask are
    noted and passed over. Of a list the first such text raises InputError. Raises ModelError for a file that
    is no masked language model.
    """
    loaded = MaskedLM.load(model)
    questions = Questions(texts, progress, "text")

    def answer(batch: list[str]) -> Iterable[tuple[str, list[Filled]]]:
        asked = questions.solved(batch, lambda text: loaded.asked(text, settings.mask))
        found = loaded.filled([masks for _, masks in asked], settings.top_k)
        return zip([text for text, _ in asked], found, strict=True)

    return Answers(questions, answer)
