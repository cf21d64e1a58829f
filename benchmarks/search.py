"""Searching beside bm25s and tantivy, the same words and the same queries; and questions of KorQuAD answered.

150,000 paragraphs of Wikipedia (ko/kowiki-100mb.txt.gz, en/enwiki-100mb.txt.gz); a query is some words
together in one of them. Both sides score the same terms with the same BM25 (Lucene's idf, b 0.75): the ten
best must score the same. KorQuAD's development set (tasks/qa/korquad1-ko): the first 100 articles train, the
last 40 measure.

    python search.py [ko] [en] [korquad] [NUMBER]   # of paragraphs of Wikipedia, 150,000 if not given
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import numpy as np
from side_by_side import NLPCLI, data, measure, peer, print_table

from nlpcli.engine.search.index import SearchIndex, build
from nlpcli.engine.search.ranking import Search
from nlpcli.engine.search.terms import terms_of_word
from nlpcli.engine.tasks.reader import train
from nlpcli.engine.tasks.squad import all_of, read_squad
from nlpcli.settings.questions import ReaderSettings
from nlpcli.settings.search import IndexSettings, SearchSettings

PARAGRAPHS = next((int(one) for one in sys.argv[1:] if one.isdecimal()), 150_000)
QUERIES = 400
BM25S = """
import json, sys, time, bm25s
texts = [line.split() for line in open(sys.argv[1], encoding="utf-8")]
queries = [line.split() for line in open(sys.argv[2], encoding="utf-8")]
began = time.process_time()
model = bm25s.BM25(k1=float(sys.argv[3]), b=0.75, method="lucene")
model.index(texts, show_progress=False)
indexed = time.process_time() - began
began, found = time.process_time(), []
for query in queries:
    documents, scores = model.retrieve([query], k=10, show_progress=False)
    found.append((documents[0].tolist(), scores[0].tolist()))
print(json.dumps({"index": indexed, "queries": time.process_time() - began, "found": found}))
"""
TANTIVY = """
import json, resource, sys, tempfile, tantivy
texts = open(sys.argv[1], encoding="utf-8").read().splitlines()
queries = [line.split() for line in open(sys.argv[2], encoding="utf-8")]
def spent():
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
builder = tantivy.SchemaBuilder()
builder.add_text_field("body", stored=False, tokenizer_name="whitespace")
builder.add_unsigned_field("number", stored=True, indexed=False)
schema = builder.build()
began = spent()
index = tantivy.Index(schema, path=tempfile.mkdtemp())
writer = index.writer(heap_size=400_000_000, num_threads=1)
for number, text in enumerate(texts):
    writer.add_document(tantivy.Document(body=text, number=number))
writer.commit()
writer.wait_merging_threads()
indexed = spent() - began
index.reload()
searcher, found = index.searcher(), []
began = spent()
for query in queries:
    words = [(tantivy.Occur.Should, tantivy.Query.term_query(schema, "body", word)) for word in query]
    hits = searcher.search(tantivy.Query.boolean_query(words), 10, count=False).hits
    found.append((hits, [score for score, _ in hits]))
took = spent() - began
found = [[searcher.doc(place)["number"][0] for _, place in hits] for hits, _ in found]
print(json.dumps({"index": indexed, "queries": took, "found": found}))
"""


def paragraphs(language: str, folder: Path) -> Path:
    """A file with a paragraph a line."""
    path = folder / f"{language}.txt"
    with gzip.open(data(f"{language}/{language}wiki-100mb.txt.gz"), "rt", encoding="utf-8") as lines:
        if language == "ko":
            kept = [line for line in lines if len(line.encode()) > 40][:PARAGRAPHS]
        else:
            words = lines.read().split()
            kept = [" ".join(words[at : at + 113]) + "\n" for at in range(0, len(words), 113)][:PARAGRAPHS]
    path.write_text("".join(kept), encoding="utf-8")
    return path


def beside_bm25s(language: str, folder: Path) -> None:
    """Index and queries of both, and whether the ten best are the same."""
    path, made = paragraphs(language, folder), folder / f"{language}.index"
    done = measure([*NLPCLI, "index", path, "-o", made, "-q"])
    index = SearchIndex.load(made)
    kind, draw, queries = index.settings.terms, Random(1), []
    while len(queries) < QUERIES:
        words = str(index.texts[draw.randrange(len(index))]).split()
        count = draw.choice([2, 3, 4, 5, 8])
        begin = draw.randrange(max(1, len(words) - count))
        queries.append(" ".join(words[begin : begin + count]))
    search = Search(index, SearchSettings(by="bm25"))
    search.rank_all(queries[:2])
    began = time.process_time()
    ranked = search.rank_all(queries)
    spent = time.process_time() - began

    def terms(text: str) -> str:
        words = index.analyzer.tokens(text)
        return " ".join(term for word in words for term in terms_of_word(word, kind)) + "\n"

    (folder / "texts").write_text("".join(map(terms, map(str, index.texts))), encoding="utf-8")
    (folder / "queries").write_text("".join(map(terms, queries)), encoding="utf-8")
    print_table(f"index, {language}", {"nlpcli": done}, "nlpcli")
    print(f"nlpcli: {QUERIES / spent:,.0f} queries/s")
    program = peer(BM25S)
    if program is None:
        return
    k1 = "0.4" if kind == "bigrams" else "1.2"
    out = subprocess.run(
        [*program, folder / "texts", folder / "queries", k1], stdout=subprocess.PIPE, check=True
    )
    theirs = json.loads(out.stdout)
    speed = QUERIES / theirs["queries"]
    print(f"bm25s: index {theirs['index']:.1f} CPU s (terms given), {speed:,.0f} queries/s")
    same = sum(
        np.allclose(scores, np.array(other[: len(scores)]) * ratio(scores, other), rtol=1e-3)
        for (_, scores), (_, other) in zip(ranked, theirs["found"], strict=True)
    )
    print(f"the ten best score the same in {same} of {QUERIES} queries")
    out = subprocess.run(
        [*program[:-1], TANTIVY, folder / "texts", folder / "queries"], stdout=subprocess.PIPE, check=True
    )
    theirs = json.loads(out.stdout)
    print(f"tantivy: index {theirs['index']:.1f} CPU s, {QUERIES / theirs['queries']:,.0f} queries/s")
    mine = (set(documents.tolist()) for documents, _ in ranked)
    common = sum(len(one & set(other)) for one, other in zip(mine, theirs["found"], strict=True))
    most = sum(len(documents) for documents, _ in ranked)
    print(f"of the ten best {100 * common / most:.1f}% the same (it rounds the lengths of documents)")


def ratio(scores: np.ndarray, other: list[float]) -> float:
    """bm25s leaves out BM25's constant factor k1 + 1."""
    return float(scores[0] / other[0]) if len(scores) and other[0] else 1.0


def korquad(folder: Path) -> None:
    """Which paragraph, by kind of terms; and which words, by a reader."""
    path = folder / "korquad.json"
    path.write_bytes(gzip.decompress(data("tasks/qa/korquad1-ko/KorQuAD_v1.0_dev.json.gz").read_bytes()))
    articles = read_squad(str(path))
    texts = list(dict.fromkeys(one.context for one in all_of(articles)))
    (folder / "texts").write_text("".join(" ".join(text.split()) + "\n" for text in texts), encoding="utf-8")
    numbers = {text: number for number, text in enumerate(texts)}
    asked, tuned = all_of(articles), len(all_of(articles[:100]))
    questions, wanted = [each.question for each in asked], [numbers[each.context] for each in asked]
    for kind, again in (("words", 0), ("bigrams", 0), ("bigrams", 15)):
        index = build([str(folder / "texts")], settings=IndexSettings(terms=kind))  # type: ignore[arg-type]
        search = Search(index, SearchSettings(by="bm25", top_k=5, rerank=again))
        search.rank_all(questions[:2])
        began = time.process_time()
        found = [documents.tolist() for documents, _ in search.rank_all(questions)]
        speed = len(asked) / (time.process_time() - began)
        for name, part in (("all", slice(None)), ("last 40 articles", slice(tuned, None))):
            pairs = list(zip(found[part], wanted[part], strict=True))
            one = 100 * sum(mine[:1] == [right] for mine, right in pairs) / len(pairs)
            five = 100 * sum(right in mine for mine, right in pairs) / len(pairs)
            print(f"{kind}, ranked again {again}: {name}: top-1 {one:.2f}, top-5 {five:.2f}, {speed:,.0f}/s")
    began = time.process_time()
    reader = train(all_of(articles[:100]), ReaderSettings())
    print(f"train-reader: {time.process_time() - began:.1f} CPU s; {reader.evaluate(all_of(articles[-40:]))}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        if "korquad" not in sys.argv[1:]:
            for wanted in [one for one in ("ko", "en") if one in sys.argv[1:]] or ("ko", "en"):
                beside_bm25s(wanted, Path(name))
        if not {"ko", "en"} & set(sys.argv[1:]):
            korquad(Path(name))
