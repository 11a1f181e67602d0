"""Checks the list of what is in the image.

usage: sbom_check.py SBOM PACKAGES RESOLVED
SBOM must be CycloneDX 1.6 by its own schema; it must name each Debian package of PACKAGES (lines of name, version and architecture
with blanks between them) and each Swift package of RESOLVED (a Package.resolved), with that version, and no others.
"""

import json
import sys
from urllib.parse import unquote

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = open(sys.argv[1], encoding="utf-8").read()
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
if error:
    sys.exit(f"It is not valid: {error}")
components = json.loads(text)["components"]


def listed(kind):
    """Name and version of the package URLs of this kind."""
    urls = [component["purl"] for component in components if component["purl"].startswith(kind)]
    return [tuple(unquote(part) for part in url[len(kind):].partition("?")[0].rsplit("@", 1)) for url in urls]


def compare(what, wanted, found):
    if not wanted:
        sys.exit(f"There are no {what} to compare with.")
    if sorted(wanted) != sorted(found):
        sys.exit(f"The {what} differ: missing {sorted(set(wanted) - set(found))}, too many {sorted(set(found) - set(wanted))}.")
    print(f"{len(found)} {what}")


debian = [tuple(line.split()) for line in open(sys.argv[2], encoding="utf-8")]
compare("Debian packages", [(name, version) for name, version, _ in debian], listed("pkg:deb/debian/"))
pins = json.load(open(sys.argv[3], encoding="utf-8"))["pins"]
compare("Swift packages",
        [(pin["location"].removeprefix("https://").removesuffix(".git"), pin["state"]["version"]) for pin in pins],
        listed("pkg:swift/"))
for name in "swift", "all-MiniLM-L6-v2":
    if not any(component["name"] == name and component["version"] for component in components):
        sys.exit(f"It does not name {name}.")
if len({component["bom-ref"] for component in components}) != len(components):
    sys.exit("Something is in it twice.")
