"""docs/keys.md is made from the table of keys."""

from pathlib import Path

from config import key_schema

DOCUMENT = Path(__file__).parents[2] / "docs" / "keys.md"


def test_it_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == key_schema.render(), "python -m config.key_schema > docs/keys.md"
