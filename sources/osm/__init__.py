"""OpenStreetMap as files hold it: every layer a study can use, out of one extract."""
