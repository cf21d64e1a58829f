# Everything a fresh machine needs, from Python 3.11.5 or newer and make alone (PYTHON=python3.14: that one).
#
#   make demo    set up, then the main job on sample_corpora/, every command shown
#   make test    set up, then the tests
#   make test-slow  the long campaigns, which `make test` leaves out
#   make test-portable   the kernels' tests as older processors would run them
#   make test-bounds     tests of what calls kernels, with every index checked
#   make fuzz    seeded campaigns of forged files, hostile text, kills, faults (MINUTES=10)
#   make dist    a wheel and an sdist in dist/
#   make check   format, lint, types, tests
#   make docs    what follows from the code (tables of commands and options, signatures), then the site in site/
#   make models UD=DIR NER=DIR   the taggers that come with nlpcli, from UD English-EWT, WNUT17 and wikigold
#   make vectors WIKI=DIR   the word vectors that come with nlpcli, from texts of the English and the Korean Wikipedia
#   make bench-smoke  within a minute, without peers: is something much slower than it was?
#   make morphemes ANALYSED=DIR   the model of --tokenizer morph, from texts that kiwi has analysed
#   make bench   speed and quality beside the peers (installs them in .venv-peers)
#   make clean   remove what these made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
OUT := demo_output
TEXTS := sample_corpora
EXTRAS := konlpy mecab excel parquet plot cluster
INSTALL = $(BIN)/pip install --quiet -c constraints.txt --no-build-isolation \
  --config-settings editable_mode=compat -e

export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DELETE_ON_ERROR:
.PHONY: help setup demo test test-slow test-bounds test-portable fuzz dist check docs format models vectors morphemes bench \
  bench-smoke clean

help:
	@sed -n '/^#   make/s/^#   //p' Makefile

setup: $(READY)

# setuptools comes first and builds without isolation, so that constraints.txt pins it too. With
# "compat" the folder is on Python's path as it is; a finder of its own would cost 15 ms a start.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 5))' || \
	  { echo "error: nlpcli needs Python 3.11.5 or newer"; echo "hint: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints.txt setuptools
	$(INSTALL) '.[konlpy,mecab,excel,parquet,plot,cluster,dev]' || { $(INSTALL) '.[dev]' && \
	  for extra in $(EXTRAS); do $(INSTALL) ".[$$extra]" || \
	    echo "remark: the extra $$extra cannot be had for this Python; docs/INSTALL.md says what it is for"; done; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 13))' || \
	  echo "remark: --tokenizer mecab takes no --user-dict on Python 3.13 and later"
	@touch $@

demo: $(READY)
	mkdir -p $(OUT)
	@echo; echo "# Tokenize, English and Korean"
	nlpcli tokenize $(TEXTS)/english.txt | head -n 3
	nlpcli tokenize --tokenizer kiwi $(TEXTS)/korean.txt | head -n 3
	nlpcli count --lowercase $(TEXTS)/english.txt | head -n 5
	@echo; echo "# Documents as vectors"
	nlpcli vectorize $(TEXTS)/english.txt -o $(OUT)/english.npz
	nlpcli vectorize $(TEXTS)/headlines_ko.csv --text-col title --top 2 | head -n 5
	@echo; echo "# A classifier"
	nlpcli train-nb $(TEXTS)/reviews_ko.tsv --text-col text --label-col label -o $(OUT)/reviews.safetensors
	nlpcli evaluate $(OUT)/reviews.safetensors $(TEXTS)/reviews_ko_test.tsv --text-col text --label-col label
	echo '정말 재미있고 따뜻한 영화였어요' | nlpcli classify $(OUT)/reviews.safetensors
	@echo; echo "# Word vectors"
	nlpcli train-w2v $(TEXTS)/english.txt -o $(OUT)/w2v.safetensors --dim 50 --epochs 30 --min-count 3 --sample 0
	nlpcli similar $(OUT)/w2v.safetensors king -n 5
	nlpcli odd-one-out $(OUT)/w2v.safetensors breakfast lunch dinner train
	nlpcli train-glove $(TEXTS)/english.txt -o $(OUT)/glove.txt --dim 50 --epochs 30 --min-count 3 --x-max 10
	nlpcli similar $(OUT)/glove.txt tea -n 5
	@echo; echo "# A character language model"
	nlpcli train-charlm $(TEXTS)/play.txt -o $(OUT)/play.safetensors --epochs 20 --rnn-size 128 --batch-size 8
	nlpcli generate $(OUT)/play.safetensors --prime "THE " --length 300 --temperature 0.7
	nlpcli inspect $(OUT)/play.safetensors

# A file stays with one of two processes, which so makes its models once.
test: $(READY)
	python -m pytest -n 2 --dist loadfile

test-slow: $(READY)
	python -m pytest -m slow

# What calls kernels, every index of which is checked: compiled anew, and several times slower.
CALLERS = kernels corpus text documents classify cooccurrence embeddings vectors search tagging sequences
test-bounds: $(READY)
	NLPCLI_CHECK_BOUNDS=1 python -m pytest -q -n 2 --dist loadfile $(CALLERS:%=tests/%) tests/test_fuzz.py

test-portable: $(READY)
	python tests/portable.py

MINUTES ?= 10
fuzz: $(READY)
	python -m tests.fuzz --minutes $(MINUTES)

# Without isolation, as above: what builds is pinned.
dist: $(READY)
	rm -rf build dist
	python -c 'from setuptools import build_meta as b; b.build_sdist("dist"); b.build_wheel("dist")'
	@ls dist

check: $(READY)
	ruff format --check .
	ruff check .
	mypy
	$(MAKE) test -n 2 --dist loadfile

# The site's pages of commands, tags and the Python API are made as it is built; a warning is an error.
docs: $(READY) $(VENV)/docs-ready
	python tests/readme_parts.py
	python -m tests.jobs_stub
	python -m tests.option_table
	NO_MKDOCS_2_WARNING=1 python -m mkdocs build --strict --quiet
	@echo "the site: site/index.html"

$(VENV)/docs-ready: $(READY)
	$(INSTALL) '.[docs]'
	@touch $@

format: $(READY)
	ruff format .
	ruff check --fix .

# The same bytes as those in nlpcli/data/models/, from the same texts.
models: $(READY)
	@test -d '$(UD)' -a -d '$(NER)' || \
	  { echo "error: which folders hold UD English-EWT, and WNUT17 and wikigold?"; \
	    echo "hint: make models UD=DIR NER=DIR"; exit 1; }
	python benchmarks/english_models.py '$(UD)' '$(NER)'

# The same bytes as those in nlpcli/data/vectors/, from the same texts.
vectors: $(READY)
	@test -d '$(WIKI)' || \
	  { echo "error: which folder holds texts of the English and the Korean Wikipedia?"; \
	    echo "hint: make vectors WIKI=DIR"; exit 1; }
	python benchmarks/shipped_vectors.py '$(WIKI)'

# The same bytes as nlpcli/data/models/korean-morphemes.safetensors, from what benchmarks/korean_analysed.py writes.
morphemes: $(READY)
	@test -d '$(ANALYSED)' || { echo "error: which folder did benchmarks/korean_analysed.py write to?"; \
	  echo "hint: make morphemes ANALYSED=DIR"; exit 1; }
	python benchmarks/korean_morphemes.py '$(ANALYSED)'

bench: $(READY)
	$(MAKE) -C benchmarks PYTHON=$(PYTHON)

bench-smoke: $(READY)
	python benchmarks/smoke.py

clean:
	rm -rf $(VENV) .venv-peers $(OUT) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist site *.egg-info
	find nlpcli tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
