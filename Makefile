# The tasks themselves are in tasks.py, for machines without make: python tasks.py NAME
PYTHON ?= $(shell command -v python3.11 || command -v python3)

.PHONY: book html notebooks lint unit nbval site offline other-unit other-nbval test test-all alone \
	compare-builds lock upgrade newest peers benchmarks data size without wheel clean
book html notebooks lint unit nbval site offline other-unit other-nbval test test-all alone \
	compare-builds lock upgrade newest peers benchmarks data size without wheel clean:
	@$(PYTHON) tasks.py $@
