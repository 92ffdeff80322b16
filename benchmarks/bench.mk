# Every comparison in one go; BENCH="--quick --only list" narrows it.
.PHONY: bench
bench: dist
	@python3 benchmarks/bench.py $(BENCH)
