.PHONY: help demo test lint bench screenshots clean

help:
	@echo "make demo    ten orders run from confirmed to done, before your eyes: Odoo, the addon and a simulated PLC"
	@echo "make test    linters and all tests"
	@echo "make lint    linters alone"
	@echo "make bench   what polls, exchanges, fills and write-backs cost, beside others in the same run; also in bench.json"
	@echo "make screenshots  PNGs of every screen, light, dark and on a tablet, into docs/images"
	@echo "make clean   what tests and linters left in this folder (dev/pg destroy: all databases)"

demo:
	@dev/demo

test:
	@dev/test

lint:
	@dev/lint

bench:
	@dev/bench

screenshots:
	@dev/screenshots

clean:
	rm -rf .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
