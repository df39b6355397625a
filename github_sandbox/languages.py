"""*pure*. Which language a file counts for, by its extension. Data and prose count for none, as on GitHub."""

_LANGUAGES = {
    "py": "Python", "js": "JavaScript", "mjs": "JavaScript", "ts": "TypeScript", "tsx": "TypeScript", "go": "Go",
    "rs": "Rust", "java": "Java", "kt": "Kotlin", "rb": "Ruby", "php": "PHP", "cs": "C#", "c": "C", "h": "C",
    "cc": "C++", "cpp": "C++", "hpp": "C++", "swift": "Swift", "scala": "Scala", "sh": "Shell", "ps1": "PowerShell",
    "html": "HTML", "css": "CSS", "lua": "Lua", "dart": "Dart", "ex": "Elixir", "exs": "Elixir", "hs": "Haskell",
    "r": "R", "jl": "Julia", "tf": "HCL", "nix": "Nix", "jinja": "Jinja", "j2": "Jinja",
}  # fmt: skip


def language_of(path: str) -> str | None:
    name = path.rpartition("/")[2]
    if name == "Dockerfile":
        return "Dockerfile"
    return _LANGUAGES.get(name.rpartition(".")[2].lower()) if "." in name else None
