"""`python -m benchmarks [NAME [OPTIONS]]`: runs one benchmark, or all of them at their default sizes."""

import importlib
import pkgutil
import subprocess
import sys

import benchmarks


def names() -> list[str]:
    """The benchmarks there are, in alphabetical order; a leading underscore marks what only serves them."""
    found = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    return sorted(name for name in found if not name.startswith("_"))


def main(arguments: list[str]) -> int:
    """Runs what was named; the exit code is 1 if any of them missed what it demands."""
    if arguments:
        name, *options = arguments
        if name not in names():
            print(f"There is no benchmark {name!r}; there are {', '.join(names())}.", file=sys.stderr)
            return 2
        code: int = importlib.import_module(f"benchmarks.{name}").main(options)
        return code
    missed = 0
    for name in names():
        # Each in a process of its own, so that none inherits the memory and the threads of another.
        missed |= bool(subprocess.run([sys.executable, "-m", "benchmarks", name], check=False).returncode)
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
