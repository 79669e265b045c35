"""Rows as files hold them: encodings, headers under titles, filters, workbooks."""
