"""The page of tag sets: what the analysers and the shipped models write, in the words of `tags.tsv`."""

from pathlib import Path

from nlpcli.engine.io.model_file import read_info
from nlpcli.engine.io.shipped import path_of
from nlpcli.engine.text import tagsets

OTHERS = {
    "kiwi": tagsets._KIWI,
    "mecab": tagsets._MECAB,
    "kkma": tagsets._KKMA,
    "hannanum": tagsets._HANNANUM,
}
_CODE = ("tag", "its tag", "UPOS", "Sejong", "analyser", "Okt", "type")  # columns that are shown as code
PAGE = """# Tag sets

What `tokenize --pos`, `tag` and `--keep-pos` mean by their tags. `--tagset sejong` and `--tagset upos`
bring the tags of every analyser into one set; `--tagset own` leaves them as the analyser wrote them.
`--keep-pos` and `--drop-pos` take whole tags of UPOS, and beginnings of the analyser's own or of
Sejong's: `NN` is every noun.

## Korean: the Sejong set

kiwi, mecab and Komoran write it but for details; the last column is what `--tagset upos` makes of a tag.

{sejong}

## Korean: what the analysers write otherwise

kiwi also marks regular and irregular predicates (`VV-R`, `VV-I`); kkma's endings in `EC…`, `EF…` and
`EP…` count as `EC`, `EF` and `EP`. A tag without a counterpart becomes `X`.

{others}

Okt's words keep their endings, so they have no counterpart in the Sejong set, but one in UPOS:

{okt}

## English: Penn Treebank

The tags of the tagger `english-pos`, which `--pos`, `--keep-pos` and `--tag-english` go by. `--tagset
upos` decides by the tag, the word and the words that follow: *is*, and *has* in *has seen*, are `AUX`,
*if* is `SCONJ`.

{penn}

## Universal parts of speech (UPOS)

Of [Universal Dependencies](https://universaldependencies.org/u/pos/), the same for both languages.

{upos}

## Names

`tag english-ner` marks four types, those of CoNLL-2003. As tags of words they stand in BIO-2: `B-PER`
begins a name, `I-PER` goes on, `O` is outside.

{entities}

A tagger of one's own has the types that its training text has: those of OntoNotes (`PERSON`, `GPE`,
`DATE`, …), of KLUE (`PS`, `LC`, `OG`, `DT`, `TI`, `QT`), or any other. `nlpcli inspect MODEL` lists
them.
"""


def words():
    """What each tag means: set → tag → words."""
    found = {}
    for line in Path(__file__).with_suffix(".tsv").read_text(encoding="utf-8").splitlines():
        group, tag, meaning = line.split("\t")
        found.setdefault(group, {})[tag] = meaning
    return found


def shipped_tags(name):
    """The tags that a model that comes with nlpcli was taught."""
    return read_info(path_of(name)).header["tags"]


def sets():
    """The tags of each set as the code and the models have them: set → tags."""
    return {
        "sejong": tagsets._TAGS.split(),
        "penn": shipped_tags("english-pos"),
        "upos": sorted({*tagsets._UPOS.values(), *tagsets._OKT.values(), *_english_upos()}),
        "entities": sorted({tag[2:] for tag in shipped_tags("english-ner")} - {""}),
    }


def _english_upos():
    from nlpcli.engine.text import penn

    return {*penn._BY_TAG.values(), "PUNCT", "SCONJ", "AUX"}


def page():
    """The whole page."""
    told, of = words(), sets()
    upos = tagsets.to_upos
    return PAGE.format(
        sejong=table(
            ("tag", "what it is", "UPOS"),
            [(tag, told["sejong"][tag], upos("kiwi", tag)) for tag in of["sejong"]],
        ),
        others=table(
            ("analyser", "its tag", "Sejong"),
            [(name, own, to) for name, tags in OTHERS.items() for own, to in tags.items()],
        ),
        okt=table(("Okt", "UPOS"), [(tag, upos("okt", tag)) for tag in tagsets._OKT]),
        penn=table(("tag", "what it is"), [(tag, told["penn"][tag]) for tag in of["penn"]]),
        upos=table(("tag", "what it is"), [(tag, told["upos"][tag]) for tag in of["upos"]]),
        entities=table(("type", "what it is"), [(tag, told["entities"][tag]) for tag in of["entities"]]),
    )


def table(heads, rows):
    """A Markdown table; cells of some columns are code."""
    lines = [heads, ["---"] * len(heads)]
    lines += [
        [_code(cell) if head in _CODE else cell for head, cell in zip(heads, row, strict=True)]
        for row in rows
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(cell):
    return f"`` {cell} ``" if "`" in cell else f"`{cell}`"
