# Every task a person or CI runs. `make demo` and `make test` need nothing but Python 3.11.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export MPLBACKEND := Agg

.PHONY: setup demo test test-all lint format bench checkpoints clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[dev]'
	touch $@

demo: setup
	$(BIN)/crossgate demo

test: setup
	$(BIN)/python -m pytest -m "not slow"

test-all: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup
	$(BIN)/python benchmarks/training.py

# The corpora the checkpoints are trained on, tables of `crossgate import`; no part of the repository.
DATA ?= ../shared/data
SEEDS := 5

# What is there is left alone: remove a folder to have it made anew. A run that was interrupted goes on.
checkpoints: checkpoints/crossgate-meld checkpoints/crossgate-meld-live checkpoints/crossgate-iemocap

runs/ship/meld/seeds.json: | setup
	$(BIN)/crossgate train configs/meld.yaml --data $(DATA)/meld --out $(@D) --seeds $(SEEDS) --resume

checkpoints/crossgate-meld: | runs/ship/meld/seeds.json
	$(BIN)/crossgate pack runs/ship/meld --data $(DATA)/meld --out $@ --card docs/cards/$(@F).md

runs/ship/meld-live/seeds.json: | setup
	$(BIN)/crossgate train configs/meld.yaml --data $(DATA)/meld --out $(@D) --seeds $(SEEDS) --resume --set model.causal=true

checkpoints/crossgate-meld-live: | runs/ship/meld-live/seeds.json
	$(BIN)/crossgate pack runs/ship/meld-live --data $(DATA)/meld --out $@ --card docs/cards/$(@F).md

runs/ship/iemocap/seeds.json: | setup
	$(BIN)/crossgate train configs/iemocap.yaml --data $(DATA)/iemocap --out $(@D) --seeds $(SEEDS) --resume

checkpoints/crossgate-iemocap: | runs/ship/iemocap/seeds.json
	$(BIN)/crossgate pack runs/ship/iemocap --data $(DATA)/iemocap --out $@ --card docs/cards/$(@F).md

clean:
	rm -rf $(VENV) build dist src/*.egg-info .pytest_cache .ruff_cache .mypy_cache
