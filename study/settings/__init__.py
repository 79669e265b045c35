"""Parts of the study file, one noun a module; `phusong.study.model` puts them together."""
