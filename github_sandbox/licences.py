"""The licences that sample repositories bear: key -> (name, SPDX ID), as GitHub's licences API has them."""

LICENCES: dict[str, tuple[str, str]] = {
    "mit": ("MIT License", "MIT"),
    "apache-2.0": ("Apache License 2.0", "Apache-2.0"),
    "gpl-3.0": ("GNU General Public License v3.0", "GPL-3.0"),
    "bsd-3-clause": ('BSD 3-Clause "New" or "Revised" License', "BSD-3-Clause"),
    "mpl-2.0": ("Mozilla Public License 2.0", "MPL-2.0"),
    "unlicense": ("The Unlicense", "Unlicense"),
    "other": ("Other", "NOASSERTION"),
}
