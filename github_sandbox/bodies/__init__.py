"""*pure*. Entities -> the JSON bodies that GitHub sends, fields in GitHub's order, URLs absolute."""
