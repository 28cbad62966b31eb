# `make demo` and `make test` are all that a fresh machine needs: both make the virtual environment they use.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: demo test lint types docs-check coverage bench simulate fuzz test-kafka-python-2 test-clients client-table oracle oracle-replay oracle-record oracle-up oracle-down oracle-remote oracle-differential check clean

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(STAMP)

demo: $(STAMP)  ## the main job: the examples, embedded
	$(BIN)/python examples/demo.py

test: $(STAMP)  ## the tests, in random order, on all cores
	$(BIN)/python -m pytest -n auto --quiet

lint: $(STAMP)  ## style and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(STAMP)  ## mypy and the completeness of the public face's types
	$(BIN)/mypy
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/pyright --ignoreexternal --verifytypes minikafka

coverage: $(STAMP)  ## the tests with a coverage report
	$(BIN)/python -m pytest -n auto --quiet --cov=minikafka --cov-report=term-missing:skip-covered

$(VENV)/.rivals: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary noida-db --editable '.[bench]' \
	  || echo 'noida-db cannot be had here: the figures go without that rival'
	touch $(VENV)/.rivals

bench: $(STAMP) $(VENV)/.rivals  ## every figure, beside floors and rivals measured in the same run
	$(BIN)/python -m benchmarks

simulate: $(STAMP)  ## a long simulation of the whole cluster
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest --quiet tests/simulation

ORACLE_OPTIONS = $(if $(KAFKA_VERSION),--version $(KAFKA_VERSION))

oracle: $(STAMP)  ## every scenario on a real Kafka and on minikafka, compared; needs Java and Maven, else it is skipped
	$(BIN)/python -W ignore -m tests.oracle live --write $(ORACLE_OPTIONS)
	$(BIN)/python -W ignore -m tests.oracle.differential --write $(DIFFERENTIAL_OPTIONS)
	$(BIN)/python -m tests.oracle.raw live --write $(ORACLE_OPTIONS)

oracle-replay: $(STAMP)  ## every scenario on minikafka, slow ones too, compared with the recordings
	$(BIN)/python -W ignore -m tests.oracle replay
	$(BIN)/python -m tests.oracle.raw replay

oracle-record: $(STAMP)  ## record what a real Kafka shows: make oracle-record KAFKA_VERSION=4.3.1
	$(BIN)/python -W ignore -m tests.oracle record $(ORACLE_OPTIONS)
	$(BIN)/python -m tests.oracle.raw record $(ORACLE_OPTIONS)

oracle-up: $(STAMP)  ## a real Kafka that stays up (needs Java and Maven); tells its bootstrap address
	$(BIN)/python -m tests.oracle up $(ORACLE_OPTIONS) $(if $(NODES),--nodes $(NODES))

oracle-down: $(STAMP)  ## end it
	$(BIN)/python -m tests.oracle down

oracle-differential: $(STAMP)  ## random programs on both until they disagree: DIFFERENTIAL_OPTIONS="--seconds 600 --area groups"
	$(BIN)/python -W ignore -m tests.oracle.differential $(DIFFERENTIAL_OPTIONS)

oracle-remote: $(STAMP)  ## the fixtures over a real cluster, and an example's tests with them, on a real Kafka
	$(BIN)/python -m tests.oracle.real_cluster

FUZZ_SECONDS ?= 60
VENV_FUZZ = .venvs/fuzz

$(VENV_FUZZ)/.installed: pyproject.toml
	test -x $(VENV_FUZZ)/bin/python || $(PYTHON) -m venv $(VENV_FUZZ)
	$(VENV_FUZZ)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary atheris --editable '.[fuzz]' \
	  || echo 'atheris has no wheel for this Python'
	touch $(VENV_FUZZ)/.installed

fuzz: $(VENV_FUZZ)/.installed  ## every decoder and a cluster under atheris, FUZZ_SECONDS each
	$(VENV_FUZZ)/bin/python -m fuzz --seconds $(FUZZ_SECONDS)

VENV2 = .venvs/kafka-python-2

$(VENV2)/.installed: pyproject.toml
	test -x $(VENV2)/bin/python || $(PYTHON) -m venv $(VENV2)
	$(VENV2)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[testing,compression]' 'kafka-python==2.3.3' 'python-snappy>=0.7' 'click>=8.2'
	touch $(VENV2)/.installed

test-kafka-python-2: $(VENV2)/.installed  ## kafka-python 2.3: unchanged user code, and by sockets
	$(VENV2)/bin/python -m pytest --quiet tests/patching tests/remote \
		tests/wire/test_client_table.py tests/wire/test_kafka_python_2.py \
		tests/wire/test_client_records.py tests/wire/test_hello_topic.py

client-table: export MINIKAFKA_UPDATE_CLIENT_TABLE = 1
client-table: $(STAMP) $(VENV2)/.installed  ## capture anew what each client sends, for docs/clients.md
	$(BIN)/python -m pytest --quiet tests/wire/test_client_table.py
	$(VENV2)/bin/python -m pytest --quiet tests/wire/test_client_table.py
	sh tests/clients/install.sh $(CLIENTS)
	$(BIN)/python -m pytest --quiet -rs tests/clients/test_client_table.py tests/jvm/test_client_table.py

CLIENTS = .clients

test-clients: $(STAMP)  ## kcat, kafkajs and franz-go, as far as their tools are there
	sh tests/clients/install.sh $(CLIENTS)
	$(BIN)/python -m pytest --quiet -n 2 -rs tests/clients

test-jvm: $(STAMP)  ## Kafka's Java clients and tools, and Spring Boot, as far as Java is there
	$(BIN)/python -m pytest --quiet -rs tests/jvm

check: lint types test test-kafka-python-2 test-clients test-jvm  ## all that CI runs, but for the fuzzers and the real Kafka

clean:
	rm -rf $(VENV) .venvs $(CLIENTS) build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
