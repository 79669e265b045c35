"""Parts of the study file, one noun a module; `phusong.study` puts them together."""
