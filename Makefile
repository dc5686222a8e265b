PYTHON ?= python

help:            ## show the targets
	@grep -hE '^[a-z-]+: .*##|^[a-z-]+:  *##' Makefile | sed 's/:.*## /\t/' | expand -t 12

run:             ## train on the IMDB reviews
	THEANO_FLAGS="floatX=float32" $(PYTHON) lstm.py

demo:            ## train on the small made-up reviews, without network
	THEANO_FLAGS="floatX=float32" $(PYTHON) lstm.py --dataset demo

test:            ## run the tests, in about three minutes
	$(PYTHON) -m pytest -q

slow:            ## run the tests that take tens of seconds each
	$(PYTHON) -m pytest -q -m slow

pages:           ## look at the pages in Chromium (needs chromium and chromedriver)
	$(PYTHON) -m pytest -q -m pages

long:            ## run the longest tests: over 15,000 spoilt and hostile files, 100 killed runs
	$(PYTHON) -m pytest -q -s -m long

lint:            ## check the style and the arrows between the parts (needs the extra dev)
	$(PYTHON) -m ruff check .
	lint-imports

types:           ## check the type hints (needs the extra types)
	$(PYTHON) -m mypy

bench:           ## time it beside PyTorch (needs the extra bench)
	$(PYTHON) benchmarks/bench.py

full:            ## train the best model with three seeds, into OUT=FOLDER; see docs/results.md
	@test -n "$(OUT)" || { echo "say where the results go: make full OUT=FOLDER"; exit 2; }
	mkdir -p "$(OUT)"
	for seed in 1 2 3; do \
		THEANO_FLAGS="floatX=float32" $(PYTHON) lstm.py --preset full --seed $$seed \
			--saveto "$(OUT)/seed_$$seed.npz" --log "$(OUT)/seed_$$seed.csv" \
			> "$(OUT)/seed_$$seed.log" 2>&1 || exit 1; \
		tail -n 3 "$(OUT)/seed_$$seed.log"; \
	done
	$(PYTHON) benchmarks/full.py "$(OUT)"/seed_1.npz "$(OUT)"/seed_2.npz "$(OUT)"/seed_3.npz

# MODEL is the file, REVIEWS the folder aclImdb/test, RECIPE the command that trained it.
package:         ## make the model that comes along, and its card, of a trained model
	$(PYTHON) benchmarks/package_model.py $(MODEL) --reviews $(REVIEWS) --recipe "$(RECIPE)"

figures:         ## train for, and draw, the figures of the tutorial (needs the extra docs)
	THEANO_FLAGS="floatX=float32" $(PYTHON) docs/figures/make.py

docs:            ## build the site into build/site; a warning is an error (needs the extra docs)
	$(PYTHON) -m sphinx -q -b html -c docs/site -d build/site-cache -W --keep-going . build/site
	$(PYTHON) docs/site/check_links.py build/site

linkcheck:       ## ask the other hosts that the site links to, which needs a network
	$(PYTHON) -m sphinx -q -b linkcheck -c docs/site -d build/site-cache . build/linkcheck

notebook:        ## run the notebook and keep its outputs (needs the extra docs)
	$(PYTHON) notebooks/execute.py

.PHONY: help run demo test slow pages long lint types bench full package figures docs linkcheck notebook
