"""The REST endpoints, one module a resource; `table` puts their routes together."""
