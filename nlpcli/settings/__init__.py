"""Every hyperparameter, written once. Standard library only.

One module per family; `from nlpcli.settings import X` finds a class in any of them and imports
only that one, since making forty dataclasses would be a fifth of the start-up of `tokenize`.
Fields of settings that meet in one command must have different names.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nlpcli.settings.charlm import (
        CHARLM_PRESETS as CHARLM_PRESETS,
    )
    from nlpcli.settings.charlm import (
        NETWORK as NETWORK,
    )
    from nlpcli.settings.charlm import (
        TRAINING as TRAINING,
    )
    from nlpcli.settings.charlm import (
        ActivationSettings as ActivationSettings,
    )
    from nlpcli.settings.charlm import (
        CharLMSettings as CharLMSettings,
    )
    from nlpcli.settings.charlm import (
        GenerateSettings as GenerateSettings,
    )
    from nlpcli.settings.charlm import (
        GradientSettings as GradientSettings,
    )
    from nlpcli.settings.charlm import (
        ToySettings as ToySettings,
    )
    from nlpcli.settings.documents import (
        FEATURES as FEATURES,
    )
    from nlpcli.settings.documents import (
        FeatureSettings as FeatureSettings,
    )
    from nlpcli.settings.documents import (
        IndexSettings as IndexSettings,
    )
    from nlpcli.settings.documents import (
        NaiveBayesSettings as NaiveBayesSettings,
    )
    from nlpcli.settings.documents import (
        SearchSettings as SearchSettings,
    )
    from nlpcli.settings.documents import (
        VectorizeSettings as VectorizeSettings,
    )
    from nlpcli.settings.fields import (
        NgramRanges as NgramRanges,
    )
    from nlpcli.settings.fields import (
        Settings as Settings,
    )
    from nlpcli.settings.fields import (
        ngram_range as ngram_range,
    )
    from nlpcli.settings.fields import (
        option_name as option_name,
    )
    from nlpcli.settings.fields import (
        setting as setting,
    )
    from nlpcli.settings.libraries import (
        OtherVersion as OtherVersion,
    )
    from nlpcli.settings.libraries import (
        check_versions as check_versions,
    )
    from nlpcli.settings.libraries import (
        checked_versions as checked_versions,
    )
    from nlpcli.settings.libraries import (
        installed_version as installed_version,
    )
    from nlpcli.settings.libraries import (
        libraries_of as libraries_of,
    )
    from nlpcli.settings.text import (
        ANALYSIS as ANALYSIS,
    )
    from nlpcli.settings.text import (
        ENGLISH as ENGLISH,
    )
    from nlpcli.settings.text import (
        INPUT as INPUT,
    )
    from nlpcli.settings.text import (
        KOREAN as KOREAN,
    )
    from nlpcli.settings.text import (
        MASKABLE as MASKABLE,
    )
    from nlpcli.settings.text import (
        NGRAMS as NGRAMS,
    )
    from nlpcli.settings.text import (
        NORMALIZATION as NORMALIZATION,
    )
    from nlpcli.settings.text import (
        OUTPUT as OUTPUT,
    )
    from nlpcli.settings.text import (
        RUNNING as RUNNING,
    )
    from nlpcli.settings.text import (
        TAKE_WORDS as TAKE_WORDS,
    )
    from nlpcli.settings.text import (
        VOCABULARY as VOCABULARY,
    )
    from nlpcli.settings.text import (
        AnalysisSettings as AnalysisSettings,
    )
    from nlpcli.settings.text import (
        InputSettings as InputSettings,
    )
    from nlpcli.settings.text import (
        NgramSettings as NgramSettings,
    )
    from nlpcli.settings.text import (
        NormalizeSettings as NormalizeSettings,
    )
    from nlpcli.settings.text import (
        RecordSettings as RecordSettings,
    )
    from nlpcli.settings.text import (
        RunSettings as RunSettings,
    )
    from nlpcli.settings.text import (
        SubwordSettings as SubwordSettings,
    )
    from nlpcli.settings.text import (
        TokenFormatSettings as TokenFormatSettings,
    )
    from nlpcli.settings.text import (
        TokenizerName as TokenizerName,
    )
    from nlpcli.settings.text import (
        VocabularySettings as VocabularySettings,
    )
    from nlpcli.settings.vectors import (
        AnalogySettings as AnalogySettings,
    )
    from nlpcli.settings.vectors import (
        ClusterSettings as ClusterSettings,
    )
    from nlpcli.settings.vectors import (
        ContinuationSettings as ContinuationSettings,
    )
    from nlpcli.settings.vectors import (
        ConvertSettings as ConvertSettings,
    )
    from nlpcli.settings.vectors import (
        CooccurrenceSettings as CooccurrenceSettings,
    )
    from nlpcli.settings.vectors import (
        FastTextSettings as FastTextSettings,
    )
    from nlpcli.settings.vectors import (
        GloveResources as GloveResources,
    )
    from nlpcli.settings.vectors import (
        GloveSettings as GloveSettings,
    )
    from nlpcli.settings.vectors import (
        OddOneOutSettings as OddOneOutSettings,
    )
    from nlpcli.settings.vectors import (
        PhraseSettings as PhraseSettings,
    )
    from nlpcli.settings.vectors import (
        PlotSettings as PlotSettings,
    )
    from nlpcli.settings.vectors import (
        SimilarSettings as SimilarSettings,
    )
    from nlpcli.settings.vectors import (
        VectorEvaluationSettings as VectorEvaluationSettings,
    )
    from nlpcli.settings.vectors import (
        Word2VecSettings as Word2VecSettings,
    )

_MODULES = {
    "charlm": (
        "ActivationSettings",
        "CHARLM_PRESETS",
        "CharLMSettings",
        "GenerateSettings",
        "GradientSettings",
        "NETWORK",
        "TRAINING",
        "ToySettings",
    ),
    "documents": (
        "FEATURES",
        "FeatureSettings",
        "IndexSettings",
        "NaiveBayesSettings",
        "SearchSettings",
        "VectorizeSettings",
    ),
    "fields": (
        "NgramRanges",
        "Settings",
        "ngram_range",
        "option_name",
        "setting",
    ),
    "libraries": (
        "OtherVersion",
        "check_versions",
        "checked_versions",
        "installed_version",
        "libraries_of",
    ),
    "text": (
        "ANALYSIS",
        "AnalysisSettings",
        "ENGLISH",
        "INPUT",
        "InputSettings",
        "KOREAN",
        "MASKABLE",
        "NGRAMS",
        "NORMALIZATION",
        "NgramSettings",
        "NormalizeSettings",
        "OUTPUT",
        "RUNNING",
        "RecordSettings",
        "RunSettings",
        "SubwordSettings",
        "TAKE_WORDS",
        "TokenFormatSettings",
        "TokenizerName",
        "VOCABULARY",
        "VocabularySettings",
    ),
    "vectors": (
        "AnalogySettings",
        "ClusterSettings",
        "ContinuationSettings",
        "ConvertSettings",
        "CooccurrenceSettings",
        "FastTextSettings",
        "GloveResources",
        "GloveSettings",
        "OddOneOutSettings",
        "PhraseSettings",
        "PlotSettings",
        "SimilarSettings",
        "VectorEvaluationSettings",
        "Word2VecSettings",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
