# Everything is in bootstrap.py, so that Windows can do the same without make.
PYTHON ?= python3

.PHONY: demo test lint setup lock package audit wheels
demo test lint setup lock package audit wheels:
	@$(PYTHON) bootstrap.py $@ $(ARGS)
