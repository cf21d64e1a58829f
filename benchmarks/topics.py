"""Topics and summaries beside their peers, measured on the same texts.

Topics: the BBC news of OCTIS (tasks/topics/octis-bbc-news-en). The log-likelihood a token is that of
Griffiths and Steyvers, which tomotopy also tells; coherence is measured of every model by the same code.
Summaries: GUM's abstracts (tasks/summarize/gum-en), those of the test part and all, ROUGE by ours.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from side_by_side import NLPCLI, data, measure, peer, print_table

from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.tasks.rouge import mean_rouge, rouge
from nlpcli.engine.topics.coherence import coherence, perplexity
from nlpcli.engine.topics.topic_model import TopicModel
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

SWEEPS = 500  # of tomotopy, and rounds of NMF at most
OURS = {20: 100, 100: 125}  # after which the log-likelihood is at least about tomotopy's
TOMOTOPY = """
import json, sys, tomotopy
model = tomotopy.LDAModel(k=int(sys.argv[2]), alpha=0.1, eta=0.01, seed=1)
model.optim_interval = 10
for line in open(sys.argv[1], encoding="utf-8"):
    model.add_doc(line.split())
model.train(int(sys.argv[3]), workers=1)
words = [[word for word, _ in model.get_topic_words(k, top_n=10)] for k in range(model.k)]
print(json.dumps({"likelihood": model.ll_per_word, "words": words}))
"""
GENSIM = """
import json, sys
from gensim.corpora import Dictionary
from gensim.models import LdaModel
texts = [line.split() for line in open(sys.argv[1], encoding="utf-8")]
words = Dictionary(texts)
model = LdaModel([words.doc2bow(text) for text in texts], num_topics=int(sys.argv[2]), id2word=words,
                 passes=20, alpha="auto", random_state=1)
print(json.dumps({"words": [[word for word, _ in model.show_topic(k, 10)] for k in range(model.num_topics)]}))
"""
SCIKIT_LEARN = """
import json, sys
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import TfidfVectorizer
vectorizer = TfidfVectorizer(min_df=2, max_df=0.5, sublinear_tf=True, token_pattern=r"\\S+")
rows = vectorizer.fit_transform(open(sys.argv[1], encoding="utf-8"))
model = NMF(int(sys.argv[2]), init="nndsvda", max_iter=500).fit(rows)
names = vectorizer.get_feature_names_out()
words = [[names[word] for word in (-row).argsort()[:10]] for row in model.components_]
error = model.reconstruction_err_ / (rows.multiply(rows).sum() ** 0.5)
print(json.dumps({"error": error, "words": words}))
"""
VARIATIONAL = """
import json, resource, sys
import numpy as np
texts = [line.split() for line in open(sys.argv[1], encoding="utf-8")]
words = sorted({word for text in texts for word in text})
number, topics, passes = {word: n for n, word in enumerate(words)}, int(sys.argv[3]), int(sys.argv[4])
ids = [[number[word] for word in text] for text in texts]
def spent():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
if sys.argv[2] == "gensim":
    from gensim.models import LdaMulticore
    bags = [[(n, text.count(n)) for n in sorted(set(text))] for text in ids]
    names = dict(enumerate(words))
    began = spent()
    model = LdaMulticore(bags, num_topics=topics, id2word=names, workers=1, passes=passes, chunksize=256,
                         alpha=0.1, eta=0.01, random_state=1)
    table = model.get_topics()
else:
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import LatentDirichletAllocation
    rows = csr_matrix((np.ones(sum(map(len, ids))), [n for text in ids for n in text],
                       np.cumsum([0, *map(len, ids)])), shape=(len(ids), len(words)))
    rows.sum_duplicates()
    began = spent()
    model = LatentDirichletAllocation(topics, doc_topic_prior=0.1, topic_word_prior=0.01, max_iter=passes,
                                      learning_method=sys.argv[2], batch_size=256, random_state=1).fit(rows)
    table = model.components_
used = spent() - began  # before the worker ends, whose time counts only then
del model
used = max(used, spent() - began)
np.save(sys.argv[5], table)
print(json.dumps({"cpu": used, "words": words}))
"""
SUMY = """
import json, re, sys
from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
from sumy.summarizers.lex_rank import LexRankSummarizer
from sumy.summarizers.text_rank import TextRankSummarizer
class Words:
    def to_words(self, text):
        return re.findall(r"\\w+", str(text))
method = {"lexrank": LexRankSummarizer, "textrank": TextRankSummarizer}[sys.argv[1]]()
for line in sys.stdin:
    sentences = [Sentence(text, Words()) for text in json.loads(line)]
    print(" ".join(map(str, method(ObjectDocumentModel([Paragraph(sentences)]), int(sys.argv[2])))))
"""


def main() -> None:
    texts = [line.split("\t")[0] for line in rows_of("tasks/topics/octis-bbc-news-en/corpus.tsv.gz")]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "texts"
        source.write_text("\n".join(text for text in texts if text.strip()) + "\n", encoding="utf-8")
        if "perplexity" in sys.argv[1:]:
            held_out_perplexity(texts, Path(folder))
            return
        for topics in (20, 100):
            topic_table(source, texts, topics)
        held_out_perplexity(texts, Path(folder))
        summaries(Path(folder), "test")
        summaries(Path(folder), "train", "dev", "test")


def held_out_perplexity(texts: list[str], folder: Path, topics: int = 20) -> None:
    """Perplexity of every tenth text, by the same document completion of all, after so much training.

    All train on the same words with the same first alpha and beta, one thread. Ours: CPU s of the whole
    command; of the others of the fit alone.
    """
    counts = Counter(word for text in texts for word in set(text.split()))
    kept = {word for word, count in counts.items() if 2 <= count <= len(texts) / 2}
    lines = [" ".join(word for word in text.split() if word in kept) for text in texts]
    source, table = folder / "training", folder / "table.npy"
    source.write_text("\n".join(line for at, line in enumerate(lines) if at % 10 != 9) + "\n", "utf-8")
    held = [line for at, line in enumerate(lines) if at % 10 == 9]
    print(
        "\n### Held-out perplexity, BBC news, 20 topics\n\n"
        "| | passes | CPU s | perplexity |\n|---|---|---|---|"
    )
    for sweeps in (2, 5, 10, 20, 50, 100):
        path = folder / "held.safetensors"
        command = [*NLPCLI, "train-topics", source, "--tokenizer", "whitespace", "--num-topics", topics,
                   "--iterations", sweeps, "--threads", 1, "--min-df", 1, "--max-df", 1, "-q",
                   "-o", path]  # fmt: skip
        measure(command)  # kernels are compiled
        spent = measure(command).cpu
        model = TopicModel.load(path)
        print(
            f"| nlpcli | {sweeps} | {spent:.2f} | {perplexity(model, model.encode([held])):.1f} |", flush=True
        )
    for name, rounds in (("gensim", (5, 20, 50)), ("online", (5, 20, 50)), ("batch", (20, 50, 100))):
        for passes in rounds if (command := peer(VARIATIONAL)) else ():
            found = json.loads(measure([*command, source, name, topics, passes, table]).stdout)
            shares = np.load(table)
            weights = np.full((len(model.vocabulary), topics), 1e-9, np.float32)
            weights[model.vocabulary.ids_of(found["words"])] = (shares / shares.sum(axis=1)[:, None]).T
            other = dataclasses.replace(model, alpha=np.full(topics, 0.1))
            other.__dict__["word_weights"] = weights  # what it would work out of counts
            likely = perplexity(other, other.encode([held]))
            print(f"| {name} | {passes} | {found['cpu']:.2f} | {likely:.1f} |", flush=True)


def rows_of(name: str) -> list[str]:
    with gzip.open(data(name), "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def topic_table(source: Path, texts: list[str], topics: int) -> None:
    corpus = encode_documents([texts], AnalysisSettings(tokenizer="whitespace"), VocabularySettings())
    rows, quality, npmi = {}, {}, {}

    def noted(name: str, told: str, words: list[list[str]]) -> None:
        quality[name] = told
        npmi[name] = f"{sum(coherence(corpus, words)[0]) / len(words):.3f}"

    for method, sweeps in (("lda", OURS[topics]), ("nmf", SWEEPS)):
        name, model = f"nlpcli {method}", source.with_name(f"{method}.safetensors")
        command = [*NLPCLI, "train-topics", source, "--tokenizer", "whitespace", "--method", method,
                   "--num-topics", topics, "--iterations", sweeps, "--threads", 1, "-o", model]  # fmt: skip
        measure(command)  # kernels are compiled
        rows[name] = measure(["bash", "-c", '"$@" 2>&1', "-", *command])
        told = re.findall(r"log-likelihood -[\d.]+ a token|error [\d.]+ of the length", rows[name].stdout)
        keys = measure([*NLPCLI, "topics", model, "--keys", "--jsonl"]).stdout.splitlines()
        noted(name, told[-1], [json.loads(line)["words"].split() for line in keys])
    for name, program in (("tomotopy", TOMOTOPY), ("gensim", GENSIM), ("scikit-learn NMF", SCIKIT_LEARN)):
        if command := peer(program):
            rows[name] = measure([*command, source, topics, SWEEPS])
            found = json.loads(rows[name].stdout)
            told = ", ".join(f"{key} {value:.4f}" for key, value in found.items() if key != "words")
            noted(name, told, found["words"])
    print_table(f"{topics} topics of BBC news, one thread", rows, "nlpcli lda", fit=quality, NPMI=npmi)


def summaries(folder: Path, *parts: str) -> None:
    """One and three sentences of each text against its abstracts."""
    rows = (line for part in parts for line in rows_of(f"tasks/summarize/gum-en/{part}.jsonl.gz"))
    texts = [json.loads(line) for line in rows]
    references = [[re.sub(r"^\(\w+\) ", "", one) for one in text["summaries"]] for text in texts]
    names = []
    for number, text in enumerate(texts):
        names.append(folder / f"{number:04d}.txt")
        names[-1].write_text("\n".join(text["sentences"]) + "\n", encoding="utf-8")
    given = "".join(json.dumps(text["sentences"]) + "\n" for text in texts)
    print(
        f"\n### Summaries of GUM, {len(texts)} texts, ROUGE-1/2/L\n\n"
        "| | 1 sentence | CPU s | 3 sentences | CPU s |\n"
        "|---|---|---|---|---|"
    )
    for method in ("lead", "textrank", "lexrank", "mmr"):
        cells = []
        for wanted in (1, 3):
            command = [*NLPCLI, "summarize", *names, "--method", method, "--sentences", wanted, "--jsonl"]
            ended = measure(command)
            chosen: dict[str, list[str]] = {str(name): [] for name in names}
            for record in map(json.loads, ended.stdout.splitlines()):
                chosen[record["file"]].append(record["text"])
            found = [" ".join(sentences) for sentences in chosen.values()]
            cells += [scored(found, references), f"{ended.cpu:.2f}"]
        print(f"| nlpcli {method} | " + " | ".join(cells) + " |")
    program = peer(SUMY)
    for method in ("textrank", "lexrank") if program else ():
        cells = []
        for wanted in (1, 3):
            ended = measure([*program, method, wanted], input=given.encode())
            cells += [scored(ended.stdout.splitlines(), references), f"{ended.cpu:.2f}"]
        print(f"| sumy {method} | " + " | ".join(cells) + " |")


def scored(found: list[str], references: list[list[str]]) -> str:
    pairs = zip(found, references, strict=True)
    return " / ".join(f"{value:.3f}" for value in mean_rouge([rouge(text, given) for text, given in pairs]))


if __name__ == "__main__":
    main()
