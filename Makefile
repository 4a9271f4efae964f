# Recipes get what they need (deploy/install) and start what they need; nothing has to run before.

export PATH := $(PATH):$(HOME)/.cargo/bin
TARGET := $(or $(CARGO_TARGET_DIR),target)
INSTALL := deploy/install

# Where cargo-nextest is missing, plain cargo test does the same, with less to read and no limit to a
# test's time: building nextest would take longer than running the tests. It leaves out the examples in
# the documentation, so those are run by themselves.
ifneq ($(shell PATH="$(PATH)"; command -v cargo-nextest),)
RUN_TESTS = cargo nextest run --locked --workspace $(ARGS) && cargo test --locked --quiet --workspace --doc
else
RUN_TESTS = cargo test --locked --workspace $(ARGS)
endif

# What is fuzzed, and for how long.
FUZZ := extract feed url event summary
FUZZ_SECONDS := 60

# Servers for tests, for the recipe's shell to put in front of a command.
SERVERS = nats=$$($(INSTALL)/nats-server.sh) && postgres=$$($(INSTALL)/postgres.sh) && \
	export KOS_NATS_SERVER="$$nats" KOS_POSTGRES_BIN="$$postgres"
BROWSER = driver=$$($(INSTALL)/chromedriver.sh) && export KOS_CHROMEDRIVER="$$driver"
# Where these can't be had, the tests that need them fail and say so, and the others run.
CHECKERS = export KOS_SITE_TOOLS="$$($(INSTALL)/site-tools.sh)" KOS_PROMTOOL="$$($(INSTALL)/promtool.sh)" \
	KOS_KUBERNETES_TOOLS="$$($(INSTALL)/kubernetes-tools.sh)"

.PHONY: help run test test-containers images secrets test-llm check fmt deny schemas crash bench eval fit fuzz clean rust

help: ## what can be made (this list)
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

run: rust ## all of it on this machine, with sample articles; says where to look
	@nats=$$($(INSTALL)/nats-server.sh) && \
	cargo build --locked --release --package kos && \
	exec env KOS_NATS_SERVER="$$nats" $(TARGET)/release/kos up --samples

test: rust ## all tests, against real servers of their own (ARGS='-E "test(name)"' for some)
	@$(SERVERS) && $(BROWSER) && $(CHECKERS) && \
	cargo build --locked --workspace --bins && \
	$(RUN_TESTS)

test-containers: rust ## the images and the compose file at work, with an engine of its own where none runs (root, Debian)
	@tests/containers/run.sh

images: rust ## the container images of this tree, and what is in them (target/images/*.cdx.json)
	@deploy/images.sh

secrets: ## the passwords that deploy/compose.yaml needs, in deploy/secrets
	@deploy/secrets.sh

test-llm: rust ## the pipeline with a small real model, which is fetched (130 MB), and all that it wrote, to be read
	@nats=$$($(INSTALL)/nats-server.sh) && model=$$($(INSTALL)/llm-server.sh) && \
	export KOS_NATS_SERVER="$$nats" KOS_LLM_SERVER="$$model" && \
	cargo build --locked --package kos-ingest --package kos-summarize --package kos-publish --bins && \
	cargo test --locked --package kos-tests --test real_model -- --nocapture $(ARGS)

check: rust ## formatting, and clippy's warnings as errors
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --features kos-ingest/fit -- --deny warnings

fmt: rust ## format the code
	cargo fmt --all

deny: ## dependencies: licences, sources, bans, known vulnerabilities, and those that nobody uses
	@tools=$$($(INSTALL)/cargo-tools.sh) && export PATH="$$tools:$$PATH" && \
	cargo deny --locked check --hide-inclusion-graph bans licenses sources && \
	cargo machete --with-metadata && \
	if [ "$(ADVISORIES)" = no ]; then echo "advisories not checked: ADVISORIES=no"; \
	elif cargo deny --locked fetch db; then cargo deny --locked check --disable-fetch advisories; \
	else echo "advisories NOT checked: their database can't be fetched from here"; fi

schemas: rust ## write the events' schemas in deploy/schemas anew
	cargo run --locked --package kos -- schema --write-to deploy/schemas

crash: rust ## the crash test in its long form: 30 kills under load, on SQLite and PostgreSQL
	@$(SERVERS) && \
	cargo build --locked --workspace --bins && \
	KOS_CRASH=long cargo test --locked --package kos-tests --test crash -- --nocapture --test-threads 1 $(ARGS)

bench: rust ## throughput, latency, memory, beside the compute floor; scaling; the site beside nginx
	@$(SERVERS) && nginx=$$($(INSTALL)/nginx.sh) && export KOS_NGINX="$$nginx" && \
	export KOS_CORPORA="$${KOS_CORPORA:-$$(cd ../shared/corpora 2>/dev/null && pwd)}" && \
	cargo build --locked --release --workspace --bins && \
	cargo bench --locked --package kos-summarize --bench extractive -- --quick && \
	cargo bench --locked --package kos-tests --bench search && \
	cargo bench --locked --package kos-tests --bench readers && \
	cargo bench --locked --package kos-tests --bench scaling && \
	cargo bench --locked --package kos-tests --bench pipeline -- $(ARGS)

eval: rust ## how good extraction, metadata, feeds, summaries and the gate are, on the corpora in KOS_CORPORA
	@export KOS_CORPORA="$${KOS_CORPORA:-$$(cd ../shared/corpora 2>/dev/null && pwd)}" && \
	cargo bench --locked --package kos-tests --bench eval -- $(ARGS)

fit: rust ## fit the trees that judge a page's lines to the corpora in KOS_CORPORA (ARGS=--write to keep them)
	@export KOS_CORPORA="$${KOS_CORPORA:-$$(cd ../shared/corpora 2>/dev/null && pwd)}" && \
	cargo bench --locked --package kos-ingest --features fit --bench fit -- $(ARGS)

fuzz: rust ## look for input that breaks something, each target for FUZZ_SECONDS=60 (FUZZ=extract for one)
	@tools=$$($(INSTALL)/cargo-tools.sh fuzz) && export PATH="$$tools:$$PATH" && \
	for target in $(FUZZ); do \
		found=tests/fuzz/target/corpus/$$target && mkdir -p $$found && \
		cargo fuzz run --fuzz-dir tests/fuzz --sanitizer none $$target $$found tests/fuzz/corpus/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 || exit 1; \
	done

clean: ## remove what was built; downloaded tools in .tools stay
	cargo clean

rust:
	@$(INSTALL)/rust.sh
