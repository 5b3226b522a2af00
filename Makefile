# Two commands do everything on a fresh clone: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
RUN    := $(VENV)/bin/python
READY  := $(VENV)/.installed

TASKS := salient_object action fine_grained
TASK  ?= audit $(TASKS)
PARTS := $(if $(DATA),audit,$(TASK))

.PHONY: demo demo-audit demo-study study test test-miniature test-fast test-others test-jax lint benchmark clean

# make demo                        every part of the study on drawn scenes: see runs/demo/report.html
# make demo TASK=salient_object    one of the parts: audit, salient_object, action, fine_grained
# make demo DATA=DIR WEIGHTS=FILE  an audit of VGG16 with its weights on a folder of your own
demo: $(if $(filter audit,$(PARTS)),demo-audit) $(if $(filter $(TASKS),$(PARTS)),demo-study)

ifneq ($(filter-out audit $(TASKS),$(PARTS)),)
$(error TASK: expected some of: audit $(TASKS). Received: $(PARTS))
endif

# An untrained and a briefly trained network beside gaze.
demo-audit: $(READY)
	$(RUN) experiments/gaze_agreement.py $(if $(DATA),"$(DATA)") $(if $(WEIGHTS),--weights "$(WEIGHTS)") --out runs/demo/audit --overwrite

# Five attention mechanisms on three tasks, trained, compared, attacked, and the report; what is
# finished is not done again. Two cells at a time, of networks too small to share out well.
demo-study: export TF_NUM_INTRAOP_THREADS ?= 1
demo-study: export TF_NUM_INTEROP_THREADS ?= 1
demo-study: $(READY)
	$(RUN) experiments/reproduce.py study demo --tasks $(filter $(TASKS),$(PARTS)) --jobs 2 --overwrite

# make study                       the whole grid on drawn data: every network, table and figure
# make study PRESET=paper STUDY="--sources.dut-omron DIR ..."    any options of keras-attn study
PRESET ?= miniature
study: $(READY)
	$(RUN) experiments/reproduce.py study $(PRESET) $(STUDY)

# make test                        the longest files first
PYTEST := -m pytest -n 2 --dist loadfile --no-loadscope-reorder
test: $(READY)
	$(RUN) $(PYTEST) -m "not miniature"

# make test-miniature              trains a network of each task whole, beside what is written of it
test-miniature: $(READY)
	$(RUN) -m pytest -m miniature

# make test-fast                   within 90 seconds on two cores; every module is still loaded
test-fast: $(READY)
	$(RUN) $(PYTEST) -q -m "not slow and not browser and not ray" --every-module

# Models of other packages, which are installed beside .venv, for their tests alone.
OTHERS := keras-hub kagglehub kagglesdk regex sentencepiece tokenizers tqdm pyyaml tf_keras
OTHERS += onnx onnxruntime flatbuffers
test-others: .others/.installed
	PYTHONPATH=.others $(RUN) -m pytest tests/networks/test_other_packages.py tests/audits/test_onnx.py tests/audits/test_trained_vit.py

.others/.installed: $(READY)
	$(VENV)/bin/pip install --disable-pip-version-check --quiet --target .others --no-deps --upgrade $(OTHERS)
	@touch .others/.installed

# The core on Keras' JAX backend, in an environment of its own without TensorFlow. Weights go to
# and fro between the two.
CORE_TESTS := tests/backends tests/test_layers.py tests/test_losses.py tests/test_mechanisms.py
test-jax: .jax/.installed
	KERAS_BACKEND=jax PYTHONPATH=. KERAS_ATTN_OTHER_PYTHON=$(abspath $(RUN)) \
		.jax/bin/python -m pytest -n 2 $(CORE_TESTS)

# What the package requires but for what is TensorFlow's.
WITHOUT := tensorflow tensorboard foolbox
.jax/.installed: $(READY)
	@$(PYTHON) -m venv .jax
	@$(RUN) -c 'import sys; from importlib.metadata import requires; print(*(one for one in requires("keras_attn") if "extra" not in one and not one.startswith(tuple(sys.argv[1:]))), sep="\n")' $(WITHOUT) \
		| .jax/bin/pip install --disable-pip-version-check --quiet -r /dev/stdin "jax[cpu]>=0.8,<1" "pytest>=8,<10" "pytest-xdist>=3.7,<4"
	@touch .jax/.installed

lint: $(READY)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

benchmark: $(READY)
	$(RUN) tools/benchmark.py metrics
	$(RUN) tools/benchmark.py export
	$(RUN) tools/training_cost.py

# The stamp is written last, so an installation that broke off is begun anew.
$(READY): setup.py pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "keras_attn needs Python 3.11 to 3.13, this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 ...")'
	@echo "Installing into $(VENV), once; this takes a few minutes ..."
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --disable-pip-version-check --quiet --editable ".[dev]"
	@touch $(READY)

clean:
	rm -rf $(VENV) .others .jax build *.egg-info runs/demo
