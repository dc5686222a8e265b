PYTHON ?= python

help:            ## show the targets
	@grep -hE '^[a-z-]+: .*##|^[a-z-]+:  *##' Makefile | sed 's/:.*## /\t/' | expand -t 12

run:             ## train on the IMDB reviews
	THEANO_FLAGS="floatX=float32" $(PYTHON) lstm.py

demo:            ## train on the small made-up reviews, without network
	THEANO_FLAGS="floatX=float32" $(PYTHON) lstm.py --dataset demo

test:            ## run the tests
	$(PYTHON) -m pytest -q

test-slow:       ## run the tests that take minutes
	$(PYTHON) -m pytest -q -m slow

fuzz:            ## feed over 15,000 spoilt and hostile files to all that read files
	FUZZ_CASES=1200 $(PYTHON) -m pytest -q tests/test_fuzz.py

soak:            ## kill a small run 100 times and resume it each time
	SOAK_KILLS=100 $(PYTHON) -m pytest -q -s tests/test_checkpoint.py -k killed

bench:           ## time it beside PyTorch (needs the extra bench)
	$(PYTHON) benchmarks/bench.py

# All reviews at their full length; the reasons are in docs/results.md.
FULL = --maxlen none --dim-proj 64 --word-dropout 0.5 --length-window 200 --average 2500 \
	--max-epochs 14 --valid-freq 2970 --disp-freq 100 --test-size -1

full:            ## train on all reviews with three seeds, and test on all; see docs/results
	for seed in 1 2 3; do \
		THEANO_FLAGS="floatX=float32" $(PYTHON) lstm.py $(FULL) --seed $$seed \
			--saveto full_$$seed.npz --log docs/results/seed_$$seed.csv \
			> docs/results/seed_$$seed.log 2>&1 || exit 1; \
		tail -n 3 docs/results/seed_$$seed.log; \
	done

figures:         ## train for, and draw, the figures of the tutorial (needs the extra docs)
	THEANO_FLAGS="floatX=float32" $(PYTHON) docs/figures/make.py

notebook:        ## run the notebook and keep its outputs (needs the extra docs)
	$(PYTHON) notebooks/execute.py

lint:            ## check the style
	ruff check .

.PHONY: help run demo test test-slow fuzz soak bench full figures notebook lint
