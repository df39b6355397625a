"""The index over an organisation: facets, full-text search and statistics, and every number shown."""
