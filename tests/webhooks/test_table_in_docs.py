"""The table of docs/webhooks.md is the one that the code goes by."""

from pathlib import Path

from webhooks.affects import table_as_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"


def test_the_table_is_the_one_of_the_code() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written.endswith(table_as_markdown()), (
        f"replace the table at the end of {PAGE.name} by:\n{table_as_markdown()}"
    )
