# SPDX-License-Identifier: GPL-2.0-only
"""
Which fields JSON has, by what the man pages say and by what the program writes; for tests/cli/json-fields.t and
tests/live/json-fields.t.

A place is an object by its path: "" the whole, "stalls[].segments[]" an element of an array in an element of
another. C and K, which the pages describe once, are places of their own, whatever field they are in.
"""
import re

# The names of fields there are not the program's.
FREE_PLACES = {"source.anomalies"}
# A run that was merged says of itself what its document said.
SAME_PLACES = {"sources[].source": "source", "sources[].facts": "facts", "sources[].hits": "hits"}


def definitions(path):
    """The definition lists of a page: (terms, what follows them in one line)."""
    terms, body = [], []
    with open(path, encoding="utf-8") as page:
        lines = page.read().splitlines()
    for line in lines + [""]:
        if line.startswith("        ") and terms:
            body.append(line.strip())
            continue
        if terms:
            yield terms, " ".join(body)
        is_term = re.match(r"(\*\*[A-Za-z_.\[\]]+\*\*(, |$))+$", line)
        terms, body = re.findall(r"\*\*([^*]+)\*\*", line) if is_term else [], []


def documented(path):
    """
    Return: {place: fields}, {(place, field): "C" or "K"}, the places that are a K with more fields.

    A term is a field of the whole, or the path of one. In what follows it, fields are in italics.
    """
    places, kinds, culprits = {"": set()}, {}, set()
    for terms, body in definitions(path):
        fields = re.findall(r"(?<!\*)\*([a-z][a-z0-9_]*)\*(?!\*)(?: \(([CK])\b)?", body)
        for term in terms:
            if not re.search(r"^[A-Z]|\.", term):
                places[""].add(term.replace("[]", ""))
            if fields:
                places.setdefault(term, set()).update(field for field, kind in fields)
                kinds.update({(term, field): kind for field, kind in fields if kind})
            if re.match(r"(.*: )?K, ", body):
                culprits.add(term)
    return places, kinds, culprits


class Fields:
    """What is described, and what was met so far."""

    def __init__(self, path):
        self.places, self.kinds, self.culprits = documented(path)
        self.met = set()

    def meet(self, value, place=""):
        """Take in an object. Return: the fields that it has and the page does not."""
        place = SAME_PLACES.get(place, place)
        if isinstance(value, list):
            return set().union(*(self.meet(element, place + "[]") for element in value))
        if not isinstance(value, dict) or place in FREE_PLACES:
            return set()
        unknown = set()
        for field, member in value.items():
            path = "%s.%s" % (place, field) if place else field
            if field in self.places.get(place, ()):
                self.met.add((place, field))
            elif place not in self.culprits or field not in self.places["K"]:
                unknown.add(path)
            unknown |= self.meet(member, self.kinds.get((place, field), path))
        return unknown

    def missing(self):
        """What is described, and was not met."""
        return {"%s.%s" % (place, field) if place else field
                for place, fields in self.places.items() for field in fields if (place, field) not in self.met}
