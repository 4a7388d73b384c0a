# The commands of this checkout. Each sets up what it needs; none needs anything done before.
.PHONY: up test check bench attack update clean

# The folder of the Python environment, made or brought up to date. Paths are quoted for the shell: they may hold anything.
run = venv=$$(tools/environment run) && exec "$$venv/bin/python" -I -m
dev = venv=$$(tools/environment dev) && exec "$$venv/bin/python" -m

up: # run the service with demo data in the foreground; Ctrl-C or SIGTERM stops it
	@$(run) belsimple up --demo

test: # the whole test-suite
	@venv=$$(tools/environment test) && exec "$$venv/bin/python" -m pytest -n 2 --dist loadfile $(ARGS)

check: # format, lint, types, import rules, migration lint
	@tools/check

bench: # the benchmarks with their peers
	@$(dev) bench $(ARGS)

attack: # the attack suite against the service that runs here
	@$(run) belsimple attack $(ARGS)

update: # lock the newest dependencies, test with them, note what changed
	@$(dev) tools.update

clean: # everything that is made here, save data
	@rm -rf -- "$$(readlink -f .venv || echo .venv)" .venv build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf -- {} +
