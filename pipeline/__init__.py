"""The order of the steps, and what is asked of a study as a whole; knows every room."""
