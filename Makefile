.PHONY: help demo test test-all test-odoo lint bench races load coverage mutants torture soak screenshots package audit clean i18n page

help:
	@echo "make demo    watch ten orders run from confirmed to done: Odoo, the addon and a simulated PLC"
	@echo "make test    linters and tests; of the great tables, and of what runs in both worlds, the part that falls to this commit"
	@echo "make test-all  all of them, those of orders in both worlds: an Odoo that has manufacturing alone, and a plant's (an hour)"
	@echo "make test-odoo  the tests of Odoo's own mrp, mrp_account, test_lint and test_rpc with the addon installed (a quarter of an hour)"
	@echo "make lint    linters alone"
	@echo "make bench   all figures beside their peers in the same run, to docs/benchmarks.md and bench.json"
	@echo "make races   what must not happen twice, requested 200 times at the same moment, to docs/races.md"
	@echo "make load    100 PLCs and 100,000 batches of history, within limits, to docs/load.md"
	@echo "make coverage  lines and branches of plc/ and models/ that the tests cover, to docs/coverage.md"
	@echo "make mutants plc/ changed in one place at a time: do the tests notice? (docs/mutation.md)"
	@echo "make screenshots  PNGs of every screen, light, dark and on a tablet, to docs/images"
	@echo "make torture  kills Odoo, the PLC and PostgreSQL at every commit and every request to the PLC (hours)"
	@echo "make soak SEED=…  faults, memory losses, jumping clocks, people who click at random; MINUTES=5"
	@echo "make package  the addon as a wheel in dist/, and an Odoo without this clone installs it in a database"
	@echo "make audit   known vulnerabilities of the Python packages (asks PyPI, so it needs the network)"
	@echo "make i18n    update the translations with the current texts; list what is missing"
	@echo "make page    the addon's page in the list of apps, from readme/"
	@echo "make clean   remove what tests and linters left in this folder (dev/pg destroy: all databases)"

demo:
	@dev/demo

test:
	@dev/test

test-all:
	@dev/test --all

test-odoo:
	@dev/test-odoo

lint:
	@dev/lint

bench:
	@dev/bench

races:
	@dev/run python -m workshop.races

load:
	@dev/run python -m workshop.bench.load

coverage:
	@dev/coverage

mutants:
	@dev/mutants

screenshots:
	@dev/screenshots

torture:
	@dev/torture --handshake job-numbers
	@dev/torture --handshake flags
	@dev/torture --cycle events --handshake job-numbers
	@dev/torture --cycle events --handshake flags
	@for protocol in fins fins-tcp s7 opcua; do dev/torture --protocol $$protocol --cycle few --no-sabotage --share 1/20 || exit; done
	@dev/torture --genuine --no-sabotage --stride 137

soak:
	@dev/soak --minutes $(or $(MINUTES),5) $(if $(SEED),--seed $(SEED))

package:
	@dev/package

audit:
	@dev/audit

i18n:
	@dev/i18n

page:
	@dev/run python -m workshop.page

clean:
	rm -rf .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
