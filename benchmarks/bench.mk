# Every comparison in one go, into docs/benchmarks.md, its chart and the README; with
# BENCH="--quick --only lists" a look that leaves them alone.
.PHONY: bench instructions
bench: dist
	@python3 benchmarks/bench.py $(BENCH)

# Keeps what `make test` holds the library to.
instructions: dist
	@python3 benchmarks/instructions.py --write
