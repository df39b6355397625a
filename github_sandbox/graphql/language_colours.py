"""The colours in which GitHub shows languages (its Linguist list), for those that sample repositories speak."""

COLOURS = {
    "C": "#555555", "C#": "#178600", "C++": "#f34b7d", "CSS": "#663399", "Dart": "#00B4AB",
    "Dockerfile": "#384d54", "Elixir": "#6e4a7e", "Go": "#00ADD8", "HCL": "#844FBA", "HTML": "#e34c26",
    "Haskell": "#5e5086", "Java": "#b07219", "JavaScript": "#f1e05a", "Jinja": "#a52a22", "Julia": "#a270ba",
    "Kotlin": "#A97BFF", "Lua": "#000080", "Makefile": "#427819", "Nix": "#7e7eff", "PHP": "#4F5D95",
    "PowerShell": "#012456", "Python": "#3572A5", "R": "#198CE7", "Ruby": "#701516", "Rust": "#dea584",
    "Scala": "#c22d40", "Shell": "#89e051", "Swift": "#F05138", "TypeScript": "#3178c6",
}  # fmt: skip
