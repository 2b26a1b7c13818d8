"""HTTP: the URL table, what comes in, what goes out, and one module for each dialect."""
