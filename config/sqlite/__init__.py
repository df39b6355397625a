"""Django's SQLite backend with writers in a queue."""
