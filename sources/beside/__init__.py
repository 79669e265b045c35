"""Files read beside the layers of a study: points and areas that are asked about, power feeders."""
