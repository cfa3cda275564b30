# The tasks themselves are in tasks.py, for machines without make: python tasks.py NAME
# What a task asks for stands in WORDS: make chapter WORDS=tools/games
PYTHON ?= $(shell command -v python3.11 || command -v python3)

.PHONY: book html notebooks lint unit nbval site offline other-unit other-nbval test test-all alone \
	compare-builds lock upgrade newest peers benchmarks data size chapter vary experiment without wheel clean
book html notebooks lint unit nbval site offline other-unit other-nbval test test-all alone \
	compare-builds lock upgrade newest peers benchmarks data size chapter vary experiment without wheel clean:
	@$(PYTHON) tasks.py $@ $(WORDS)
