# Everything is in bootstrap.py, so that Windows can do the same without make.
PYTHON ?= python3

.PHONY: demo test lint setup
demo test lint setup:
	@$(PYTHON) bootstrap.py $@ $(ARGS)
