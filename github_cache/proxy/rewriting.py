"""GitHub's URLs become ours, in bodies and in `Link` and `Location`, so that clients follow them to us (pure).

Done once per stored body and after every validator was computed. In a body only a JSON string that is a whole URL of
GitHub's API is a link; the same letters within somebody's text stay as they are, as do files asked for raw.
"""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rewriting:
    """From GitHub's API at `github` to ours at `public`; both without a slash at the end."""

    github: str
    public: str
    _body: re.Pattern[bytes] = field(init=False, repr=False, compare=False)
    _escaped: re.Pattern[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        address = self.github.encode()
        # A quote that is itself escaped stands within a text; what follows the address must not be more of a host, nor
        # any word of a text.
        for name, spelt in (("_body", address), ("_escaped", address.replace(b"/", rb"\/"))):
            pattern = re.compile(rb'(?<!\\)"' + re.escape(spelt) + rb'(?=(?:(?:[/{?#]|\\[/u])(?:[^"\s\\]|\\[/u])*)?")')
            object.__setattr__(self, name, pattern)

    def body(self, body: bytes, content_type: str, media_type: str = "") -> bytes:
        """A body with its links turned to us. `media_type` is what `X-GitHub-Media-Type` said of it."""
        if not is_json(content_type) or "raw" in media_type:
            return body
        public = self.public.encode()
        body = self._body.sub(lambda _found: b'"' + public, body)
        if rb":\/\/" in body:
            body = self._escaped.sub(lambda _found: b'"' + public.replace(b"/", rb"\/"), body)
        return body

    def link(self, value: str) -> str:
        """A `Link` header (RFC 8288) with its targets turned to us."""
        return re.sub(rf"<{re.escape(self.github)}(?=[/?>])", lambda _found: f"<{self.public}", value)

    def location(self, value: str) -> str:
        """A `Location` turned to us, if it points to GitHub's API; other hosts stay (archives, release files)."""
        rest = value.removeprefix(self.github)
        return self.public + rest if rest != value and rest[:1] in ("", "/", "?", "#") else value


def is_json(content_type: str) -> bool:
    """True for `application/json` and its relatives (`application/vnd.github+json`), whatever their parameters."""
    essence = content_type.partition(";")[0].strip().lower()
    return essence == "application/json" or (essence.startswith("application/") and essence.endswith("+json"))
