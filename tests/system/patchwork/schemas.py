"""Every answer against Patchwork's own descriptions (openapi-v1.0.yaml to v1.4.yaml; the argument
is the folder with them). They are no part of this project: without them nothing is compared."""

import json
import os
import re
import sys
import urllib.parse

from client import Faults, Service

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"SKIPPED: no Python module {missing.name} (packages python3-jsonschema, python3-yaml)")
    sys.exit(77)

VERSIONS = ["1.0", "1.1", "1.2", "1.3", "1.4"]

NULL = {"type": "null"}
TEXT = {"type": "string"}
# Where Patchwork itself answers otherwise than its descriptions say: its recorded answers are held
# against them below. Schema, field, and the schema that is meant; None: it may be missing.
AS_IT_IS = [
    ("Series", "cover_letter", {"anyOf": [{"$ref": "#/components/schemas/CoverEmbedded"}, NULL]}),
    ("CoverEmbedded", "mbox", None),  # not in 1.0
    ("PatchList", "hash", {"anyOf": [TEXT, NULL]}),  # of a pull request
    ("PatchDetail", "diff", {"anyOf": [TEXT, NULL]}),
    ("Check", "target_url", {"anyOf": [TEXT, NULL]}),  # "" where none was sent
    ("CheckEmbedded", "target_url", {"anyOf": [TEXT, NULL]}),
    ("CommentEmbedded", "name", None),
    ("EventBase", "actor", {"anyOf": [{"$ref": "#/components/schemas/UserEmbedded"}, NULL]}),
    # "" where there is none. Errors are lists, there as everywhere.
    *((name, field, TEXT) for name in ("Project", "ProjectEmbedded")
      for field in ("web_url", "scm_url", "webscm_url", "list_archive_url", "list_archive_url_format")),
    # Somebody without a name; a header that comes twice among others that do not.
    *((name, "name", {"anyOf": [TEXT, NULL]}) for name in ("Person", "PersonEmbedded")),
    *((name, "headers", {"additionalProperties": {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}})
      for name in ("PatchDetail", "CoverDetail", "Comment")),
    *(("ErrorProjectUpdate", field, {"type": "array", "items": TEXT})
      for field in ("web_url", "scm_url", "webscm_url")),
    # Not for everybody: of the user himself; where the project shows dependencies.
    ("UserDetail", "settings", None),
    ("Series", "dependencies", None),
    ("Series", "dependents", None),
]


def load(folder):
    found = {}
    for version in VERSIONS:
        with open(f"{folder}/openapi-v{version}.yaml", encoding="utf-8") as file:
            found[version] = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return found


def strict(schema, name="", part=False):
    """The same schema that wants every field and no other; `part` of an allOf leaves others alone."""
    if isinstance(schema, list):
        return [strict(one, name, part) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {}
    for key, value in schema.items():
        if key == "properties":
            made[key] = {field: strict(one) for field, one in value.items()}
        else:
            made[key] = strict(value, name, key == "allOf")
    if "properties" in schema and not name.startswith("Error"):
        made["required"] = list(schema["properties"])
    whole = "$ref" in schema or "properties" in schema or "allOf" in schema
    if whole and not part and "/Error" not in schema.get("$ref", ""):
        made["unevaluatedProperties"] = False
    return made


class Description:
    """One version's. `fault` says what is wrong with an answer, "" for nothing."""

    def __init__(self, version, document):
        self.version = version
        self.paths = document["paths"]
        components = document["components"]["schemas"]
        self.components = {
            "schemas": {name: strict(one, name, True) for name, one in components.items()}
        }
        for name, field, meant in AS_IT_IS:
            one = self.components["schemas"].get(name, {})
            for piece in [one] + one.get("allOf", []):
                if "properties" in piece and (field in piece["properties"] or name == "EventBase"):
                    if meant is None:
                        piece["required"].remove(field)
                    else:
                        piece["properties"][field] = strict(meant)
        self.patterns = [
            (re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path).rstrip("/") + "/?"), path)
            for path in sorted(self.paths)
        ]
        self.formats = jsonschema.FormatChecker(())
        self.formats.checks("uri")(is_url)
        self.formats.checks("url")(is_url)
        self.formats.checks("iso8601")(is_date)
        self.formats.checks("email")(lambda text: not isinstance(text, str) or "@" in text)

    def responses(self, method, path):
        for pattern, template in self.patterns:
            if pattern.fullmatch(path):
                return self.paths[template].get(method.lower(), {}).get("responses")
        return None

    def fault(self, method, path, status, body):
        responses = self.responses(method, path)
        if responses is None:
            return "no such path in the description"
        answer = responses.get(str(status))
        if answer is None:
            return f"{status} is not described"
        return self.mismatch(answer["content"]["application/json"]["schema"], body)

    def mismatch(self, schema, body):
        if schema.get("type") == "array" and "discriminator" in schema["items"]:
            kinds = schema["items"]["discriminator"]
            for one in body:
                kind = kinds["mapping"].get(one.get(kinds["propertyName"]))
                said = self.mismatch({"$ref": kind}, one) if kind else f"a stranger: {one}"
                if said:
                    return said
            return ""
        whole = {**strict(schema), "components": self.components}
        checker = jsonschema.Draft202012Validator(whole, format_checker=self.formats)
        errors = list(checker.iter_errors(body))
        # What is wrong inside makes strangers of all the fields around it.
        inside = [one for one in errors if one.validator != "unevaluatedProperties"]
        error = jsonschema.exceptions.best_match(inside or errors)
        return f"{error.json_path}: {error.message[:300]}" if error else ""


def is_url(text):
    at = urllib.parse.urlsplit(text) if isinstance(text, str) else None
    return at is None or bool(at.scheme and at.netloc)


def is_date(text):
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?", text) is not None


service = Service()
faults = Faults()
folder = sys.argv[1]
if not os.path.isdir(folder):
    print(f"SKIPPED: Patchwork's descriptions are not at {folder}; PATCHMILL_SHARED names the folder")
    sys.exit(77)
described = {version: Description(version, one) for version, one in load(folder).items()}

# The descriptions as they are read here fit what a real Patchwork answered. One answer does not:
# that of a PATCH has no 'related' when there are none; ours always has it (docs/patchwork-api.md).
with open(f"{folder}/api-snapshots.json", encoding="utf-8") as file:
    recorded = json.load(file)["entries"]
for entry in recorded:
    method, path = entry["request"]["method"], entry["request"]["path"].split("?")[0]
    found = re.match(r"/api/(1\.\d)/", path)
    if found and entry["response"]["status"] in (200, 201) and method != "PATCH":
        fault = described[found.group(1)].fault(method, path, entry["response"]["status"],
                                                entry["response"]["body"])
        faults.check(not fault, f"recorded: {method} {path}: {fault}")


def ask(version, method, path, body=None, token="both", wanted=(200,), kind=None):
    """The JSON of an answer to /api/VERSION/path; version "" is held against the newest."""
    url = f"/api/{version + '/' if version else ''}{path}"
    answer = service.ask(method, url, body, token=token, kind=kind)
    name = f"{method} {url}"
    if not faults.check(answer.status in wanted, f"{name}: {answer.status} {answer.body[:200]!r}"):
        return None
    if answer.status == 204:
        return None
    said = json.loads(answer.body)
    if answer.status >= 400:
        faults.check(is_error(said), f"{name}: {answer.status} {said}")
    description = described[version or VERSIONS[-1]]
    plain = f"/api/{description.version}/{path.split('?')[0]}"
    responses = description.responses(method, plain)
    # The methods and errors that every path has are not in the descriptions.
    if answer.status < 400 or (responses and str(answer.status) in responses):
        fault = description.fault(method, plain, answer.status, said)
        faults.check(not fault, f"{name}: {fault}")
    return said


def is_error(said):
    return isinstance(said, dict) and said and all(
        isinstance(value, str) if field == "detail" else
        isinstance(value, list) and all(isinstance(one, str) for one in value)
        for field, value in said.items())


def everything(version):
    """All lists, and each object of them by itself."""
    ask(version, "GET", "")
    for kind in ("projects", "series", "patches", "covers", "bundles", "users", "people", "events"):
        some = ask(version, "GET", f"{kind}/?per_page=250") or []
        faults.check(some, f"{version} {kind}: an empty list shows nothing")
        for one in some if kind != "events" else []:
            ask(version, "GET", f"{kind}/{one['id']}/")
            if kind in ("patches", "covers"):
                parts(version, f"{kind}/{one['id']}/")


def parts(version, about):
    newer = version not in ("1.0", "1.1", "1.2")
    if about.startswith("patches"):
        for check in ask(version, "GET", about + "checks/") or []:
            ask(version, "GET", f"{about}checks/{check['id']}/")
    # The description of 1.0 has comments; Patchwork answers 404 there, and so do we.
    for comment in ask(version, "GET", about + "comments/") if version != "1.0" else []:
        if newer:
            ask(version, "GET", f"{about}comments/{comment['id']}/")


def writes(version, patch, comment, cover, cover_comment):
    """What may be written is answered as described, and so is what may not."""
    one = f"patches/{patch}/"
    for body in ({"state": "under-review"}, {"archived": False}, {"commit_ref": None},
                 {"delegate": both}, {"delegate": None}, {"pull_url": "https://git.example.org/x"},
                 {"pull_url": None}):
        ask(version, "PATCH", one, body)
    ask(version, "PUT", one, {"state": "new", "delegate": None})
    for body in ({"state": "x"}, {"state": None}, {"state": {}}, {"archived": "x"},
                 {"delegate": 10**6}, {"delegate": "x"}, {"commit_ref": "x" * 300}, {"related": 7},
                 [], "{", "7"):
        old = version in ("1.0", "1.1") and "related" in body  # no such field there
        ask(version, "PATCH", one, body, wanted=(200 if old else 400,), kind="application/json")
    ask(version, "PUT", one, {}, wanted=(400,))
    ask(version, "PATCH", one, "x", wanted=(415,), kind="text/plain")
    for token in (None, "stranger", "checks"):
        ask(version, "PATCH", one, {"state": "new"}, token, (403,))
    for method in ("DELETE", "POST"):
        ask(version, method, one, {}, wanted=(405,))
    checks = one + "checks/"
    for state in ("pending", "success", "warning", "fail"):
        ask(version, "POST", checks, {"state": state, "context": "a-b_C"}, wanted=(201,))
        ask(version, "POST", checks, f"state={state}&target_url=https://ci.example.org/7",
            wanted=(201,), kind="application/x-www-form-urlencoded")
    ask(version, "POST", checks, {"state": "fail", "target_url": None, "description": None},
        wanted=(201,))
    for body in ({}, {"state": "x"}, {"state": "fail", "context": "a b"}, {"state": "fail", "context": ""},
                 {"state": "fail", "target_url": "x"}, {"state": "fail", "target_url": [1]},
                 {"state": "fail", "description": {}}, {"state": "fail", "user": 10**6}):
        ask(version, "POST", checks, body, wanted=(400,))
    ask(version, "POST", checks, {"state": "fail"}, None, (403,))
    ask(version, "PATCH", "projects/demo/", {"web_url": "https://demo.example.org/"})
    ask(version, "PATCH", "projects/demo/", {"web_url": "x"}, wanted=(400,))
    ask(version, "PATCH", "projects/demo/", {"web_url": ""}, "stranger", (403,))
    ask(version, "PATCH", f"users/{both}/", {"first_name": "x"}, wanted=(403,))
    if version not in ("1.0", "1.1"):
        made = ask(version, "POST", "bundles/", {"name": f"v{version}", "patches": [patch], "public": True},
                   wanted=(201,))
        if made:
            ask(version, "PATCH", f"bundles/{made['id']}/", {"public": True})
            for body in ({"patches": []}, {"name": ""}, {"public": "x"}, {"patches": [10**6]}):
                ask(version, "PATCH", f"bundles/{made['id']}/", body, wanted=(400,))
            ask(version, "PATCH", f"bundles/{made['id']}/", {"name": "x"}, "stranger", (403,))
        ask(version, "POST", "bundles/", {}, wanted=(400,))
        ask(version, "POST", "bundles/", {}, None, (403,))
    if version not in ("1.0", "1.1", "1.2"):
        for about in (f"{one}comments/{comment}/", f"covers/{cover}/comments/{cover_comment}/"):
            for value in (True, False, None):
                ask(version, "PATCH", about, {"addressed": value})
            ask(version, "PATCH", about, {"addressed": "x"}, wanted=(400,))
            ask(version, "PATCH", about, {"addressed": True}, "stranger", (403,))


def nothing(version):
    """What is not there, and what is not for everybody."""
    for kind in ("projects", "series", "patches", "covers", "bundles", "users", "people"):
        for number in ("0", "999999", "9" * 30):
            ask(version, "GET", f"{kind}/{number}/", wanted=(404,))
        ask(version, "GET", f"{kind}/?page=99", wanted=(404,))
        ask(version, "DELETE", f"{kind}/", wanted=(405,))
    for path in ("patches/999999/checks/", "patches/1/checks/999999/"):
        ask(version, "GET", path, wanted=(404,))
    for kind in ("users", "people"):
        ask(version, "GET", f"{kind}/", token=None, wanted=(403,))
        ask(version, "GET", f"{kind}/1/", token=None, wanted=(403,))


def first(kind, msgid):
    return service.get(f"/api/{kind}/?msgid={msgid}")[0]["id"]


both = next(u["id"] for u in service.get("/api/users/", "both") if u["username"] == "both")
of_patch = first("patches", "20260303110200.33-2-tess@example.org")
of_cover = first("covers", "20260303110200.33-1-tess@example.org")
comments = [service.get(f"/api/patches/{of_patch}/comments/")[0]["id"], of_cover,
            service.get(f"/api/covers/{of_cover}/comments/")[0]["id"]]
for version in VERSIONS + [""]:
    writes(version, of_patch, *comments)
seen = set()
for version in VERSIONS + [""]:
    everything(version)
    nothing(version)
    for event in service.get(f"/api/{version + '/' if version else ''}events/?per_page=250"):
        seen.add(event["category"])
known = set(described["1.4"].paths["/api/1.4/events"]["get"]["responses"]["200"]["content"][
    "application/json"]["schema"]["items"]["discriminator"]["mapping"])
faults.check(seen == known, f"categories of events: not seen: {known - seen}; unknown: {seen - known}")
faults.end(f"{faults.checked} answers and errors, {len(recorded)} recorded ones")
