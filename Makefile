# Every task a person or CI runs. `make demo` and `make test` need nothing but Python 3.11.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export MPLBACKEND := Agg

.PHONY: setup demo test test-all lint format bench trust sbom hashes results checkpoints viewer e2e clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[dev]'
	touch $@

demo: setup
	$(BIN)/crossgate demo

# Two processes of one thread each are quicker than one of two: the networks of the tests are small.
test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n 2 --dist worksteal --durations 10

test-all: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Every target of speed beside what was measured; the other scripts in benchmarks/ say more.
bench: setup
	$(BIN)/python benchmarks/table.py

# Every promise of docs/promises.md put to the test; SHARE=0.1 takes a tenth of the cases and seconds, ONLY=crashes,media these checks.
SHARE ?= 1
trust: setup
	OMP_NUM_THREADS=1 $(BIN)/python trust/run.py --share $(SHARE) $(if $(ONLY),--only "[$(ONLY)]")

# docs/results.md, its figures and the README's table, from the benchmarks' results in docs/results/.
results: setup
	$(BIN)/python docs/make_results.py

# The page of the report, from its sources; needs Node.js 20. What it builds is part of the repository.
viewer:
	cd web && npm ci && npm run build

# The service's page against a real service, in a browser (/usr/bin/chromium); needs Node.js 20. Pictures in web/dist/e2e.
MEDIA ?= ../shared/media
e2e: setup
	cd web && npm ci
	$(BIN)/python web/e2e/with_service.py $(if $(wildcard $(MEDIA)/grid_meeting.mp4), \
		--recording $(abspath $(MEDIA)/grid_meeting.mp4) --transcript $(abspath $(MEDIA)/grid_meeting.vtt),)

# MELD, IEMOCAP, faces in the layout of FER+ and labelled texts; no part of the repository.
DATA ?= ../shared/data
SEEDS := 5
SHIP := runs/ship
# Text encoders trained at a time, each on a core of its own.
WORKERS ?= 2

.SECONDARY:

# What is there is left alone: remove a folder to have it made anew. A run that was interrupted goes on.
checkpoints: $(addprefix checkpoints/,crossgate-meld crossgate-meld-live crossgate-iemocap)
	$(MAKE) hashes

checkpoints/face/model.safetensors: | setup
	$(BIN)/crossgate encoder train-face $(DATA)/faces --out $(SHIP)/face --resume
	cp $(SHIP)/face/checkpoint/* $(@D)

checkpoints/text-warm-up/encoder.json: | setup
	$(BIN)/crossgate encoder train-text configs/encoder/warm-up.yaml --data $(DATA) --out $(SHIP)/warm-up --resume
	cp $(SHIP)/warm-up/all/*.safetensors $(SHIP)/warm-up/all/adapter_config.json $(SHIP)/warm-up/all/encoder.json $(@D)

# The teacher reads whole conversations; its answers on what it had not read are half of what the pupil learns.
$(SHIP)/text-teacher/.done: | checkpoints/text-warm-up/encoder.json
	$(BIN)/crossgate encoder train-text configs/encoder/meld-iemocap.yaml --data $(DATA) --start checkpoints/text-warm-up \
		--out $(@D) --workers $(WORKERS) --resume
	touch $@

# meld reads both ways, meld-live only what was said before.
$(SHIP)/text-meld/.done $(SHIP)/text-meld-live/.done: $(SHIP)/text-%/.done: | $(SHIP)/text-teacher/.done
	$(BIN)/crossgate encoder train-text configs/encoder/$*-pupil.yaml --data $(DATA) --start checkpoints/text-warm-up \
		--teacher $(SHIP)/text-teacher --out $(@D) --workers $(WORKERS) --resume
	touch $@

# The teacher left the quarters out, so it reads the train split; the pupil reads what is new.
$(SHIP)/tables/%-text: | $(SHIP)/text-%/.done
	$(BIN)/crossgate encoder embed $(SHIP)/text-$* --teacher $(SHIP)/text-teacher --data $(DATA)/meld --head meld --out $@

$(SHIP)/tables/%-paired: | $(SHIP)/tables/%-text checkpoints/face/model.safetensors
	$(BIN)/crossgate pair $(SHIP)/tables/$*-text --faces $(DATA)/faces --out $@

$(SHIP)/%/seeds.json: | $(SHIP)/tables/%-paired
	$(BIN)/crossgate train configs/ship/$*.yaml --data $(SHIP)/tables/$*-paired --out $(@D) --seeds $(SEEDS) --resume

$(SHIP)/iemocap/seeds.json: | setup
	$(BIN)/crossgate train configs/ship/iemocap.yaml --data $(DATA)/iemocap --out $(@D) --seeds $(SEEDS) --resume

# All seeds ship as one: their probabilities are averaged. Live it is one network, the first: whoever talks waits for it.
# The faces are not MELD's own, so the figures of the card are those of text and audio.
checkpoints/crossgate-meld checkpoints/crossgate-meld-live: checkpoints/crossgate-%: | $(SHIP)/%/seeds.json
	$(BIN)/crossgate pack $(SHIP)/$* --data $(SHIP)/tables/$*-paired --given ta $(if $(filter meld,$*),--together) \
		--out $@ --card docs/cards/$(@F).md

checkpoints/crossgate-iemocap: | $(SHIP)/iemocap/seeds.json
	$(BIN)/crossgate pack $(SHIP)/iemocap --data $(DATA)/iemocap --together --out $@ --card docs/cards/$(@F).md

# The hashes `crossgate doctor` holds the weights against.
hashes:
	cd checkpoints && find . -name '*.safetensors' -o -name 'config.json' -o -name 'encoder.json' -o -name 'adapter_config.json' | \
		sed 's|^\./||' | LC_ALL=C sort | xargs sha256sum > SHA256SUMS

# What is installed by the set-up, as a bill of materials (CycloneDX), and what is known against it. The tools live apart.
TOOLS := .venv-tools
sbom: setup
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check cyclonedx-bom pip-audit
	mkdir -p build
	$(TOOLS)/bin/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --of JSON -o build/sbom.json
	-$(TOOLS)/bin/pip-audit --path $$($(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")

clean:
	rm -rf $(VENV) $(TOOLS) build dist src/*.egg-info .pytest_cache .ruff_cache .mypy_cache
