# The commands of this checkout. Each sets up what it needs; none needs anything done before.
.PHONY: up test test-all check bench catalogues pages screenshots attack wheel update clean

# The folder of the Python environment, made or brought up to date. Paths are quoted for the shell: they may hold anything.
run = venv=$$(tools/environment run) && exec "$$venv/bin/python" -I -m
dev = venv=$$(tools/environment dev) && exec "$$venv/bin/python" -m

up: # run the service with demo data in the foreground; Ctrl-C or SIGTERM stops it
	@$(run) belsimple up --demo

test: # the test-suite; under 15 minutes on two cores
	@venv=$$(tools/environment test) && exec "$$venv/bin/python" -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m 'not slow' $(ARGS)

test-all: # the test-suite with what takes longer; nothing is skipped for want of a package
	@export BELSIMPLE_TEST_EVERYTHING=1; venv=$$(tools/environment test) && exec "$$venv/bin/python" -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: # format, lint, types, import rules, migration lint
	@tools/check

bench: # the benchmarks with their peers
	@$(dev) bench $(ARGS)

pages: # how long each page takes to answer
	@$(dev) tools.page_times

screenshots: # every page on three screens, light and dark, as pictures in build/screenshots
	@$(dev) tools.screenshots $(ARGS)

catalogues: # bring the catalogues in step with what code and templates say, and list what waits for a translator
	@venv=$$(tools/environment dev) && PYTHONPATH=src exec "$$venv/bin/python" -m tools.catalogues $(ARGS)

wheel: # what an installation needs, as one archive in dist/
	@venv=$$(tools/environment dev) && exec tools/wheel "$$venv/bin/python"

attack: # the attack suite against the service that runs here
	@$(run) belsimple attack $(ARGS)

update: # lock the newest dependencies, test with them, note what changed
	@$(dev) tools.update

clean: # everything that is made here, save data
	@rm -rf -- "$$(readlink -f .venv || echo .venv)" .venv build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf -- {} +
