# Everything is in bootstrap.py, so that Windows can do the same without make.
PYTHON ?= python3

.PHONY: demo test lint fuzz setup lock package audit wheels plugin
demo test lint fuzz setup lock package audit wheels:
	@$(PYTHON) bootstrap.py $@ $(ARGS)
# The QGIS plugin as a zip: `python qgis/pack.py` where there is no make.
plugin:
	@$(PYTHON) qgis/pack.py $(ARGS)
