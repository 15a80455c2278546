"""Every write of Patchwork's API by everybody: who may does it, who may not changes nothing."""

import itertools
import json
import time
import xmlrpc.client

from client import Faults, Service

service = Service()
faults = Faults()

# Who asks, and what is said to those who may not.
NO_RIGHT = "You do not have permission to perform this action."
INVALID = "Invalid token."
ROLES = {
    "nobody": None,
    "guessed": INVALID,
    "revoked": INVALID,
    "expired": INVALID,
    "ghost": "The owner of this token, 'nobody-of-that-name', is no user here;",
    "read": "This token lacks the scope 'write:",
    "stranger": NO_RIGHT,
    "other": NO_RIGHT,
    "commenter": NO_RIGHT,
    "delegate": NO_RIGHT,
    "submitter": NO_RIGHT,
    "maint": NO_RIGHT,
}
NOBODY = ("Authentication credentials were not provided.", NO_RIGHT)

# Nobody's wrong tokens slow another's.
addresses = (f"198.18.{number >> 8}.{number & 255}" for number in itertools.count())


def ask(role, method, path, body=None):
    headers = {}
    if role == "guessed":
        headers["Authorization"] = "Token pm_" + "x" * 43
    token = None if role in ("nobody", "guessed") else role
    answer = service.ask(method, path, body, headers, token, address=next(addresses))
    return answer.status, json.loads(answer.body or b"{}")


def world():
    """All that can be read, by those who see their own bundles."""
    seen = {}
    for who in ("maint", "other"):
        for name in ("projects", "patches", "series", "covers", "bundles", "events", "people"):
            seen[who, name] = service.get(f"/api/{name}/?per_page=250", who)
    for patch in seen["maint", "patches"]:
        for part in ("checks", "comments"):
            seen[part, patch["id"]] = service.get(f"/api/patches/{patch['id']}/{part}/")
    for cover in seen["maint", "covers"]:
        seen["cover", cover["id"]] = service.get(f"/api/covers/{cover['id']}/comments/")
    return seen


def named(kind, msgid):
    return service.get(f"/api/{kind}/?msgid={msgid}@example.org")[0]["id"]


patch = named("patches", "20260303110200.33-2-tess")
cover = named("covers", "20260303110200.33-1-tess")
theirs = named("patches", "o1")
their_cover = named("covers", "o0")
users = {user["username"]: user["id"] for user in service.get("/api/users/", "maint")}


def comment(kind, about):
    return service.get(f"/api/{kind}/{about}/comments/")[0]["id"]


def bundle(owner, name, public, of):
    status, made = ask(owner, "POST", "/api/bundles/", {"name": name, "public": public, "patches": [of]})
    faults.check(status == 201, "a bundle of", owner, status, made)
    return made["id"]


private = bundle("maint", "private", False, patch)
public = bundle("maint", "public", True, patch)
by_submitter = ["submitter", "maint"]
may_change = ["delegate"] + by_submitter

# What is asked, and who may. All others are refused: a private bundle is not there for them.
WRITES = [
    ("PATCH", f"/api/1.2/patches/{patch}/", {"commit_ref": "c0ffee"}, may_change),
    ("PATCH", f"/api/patches/{theirs}/", {"archived": True}, ["submitter", "other"]),
    ("PATCH", f"/api/patches/{patch}/", {"related": [theirs]}, []),
    ("PATCH", f"/api/patches/{theirs}/", {"related": [patch]}, []),
    ("POST", f"/api/1.1/patches/{patch}/checks/", {"state": "success"}, may_change),
    ("POST", f"/api/patches/{theirs}/checks/", {"state": "fail"}, ["submitter", "other"]),
    # Afterwards it is no longer the delegate's.
    ("PUT", f"/api/patches/{patch}/", {"state": "new", "delegate": users["maint"]}, may_change),
    ("PATCH", f"/api/patches/{patch}/comments/{comment('patches', patch)}/", {"addressed": True},
     ["commenter"] + by_submitter),
    ("PATCH", f"/api/patches/{theirs}/comments/{comment('patches', theirs)}/", {"addressed": True},
     ["commenter", "submitter", "other"]),
    ("PUT", f"/api/covers/{cover}/comments/{comment('covers', cover)}/", {"addressed": False},
     ["commenter"] + by_submitter),
    ("PATCH", f"/api/covers/{their_cover}/comments/{comment('covers', their_cover)}/",
     {"addressed": False}, ["commenter", "submitter", "other"]),
    ("PATCH", "/api/projects/demo/", {"web_url": "https://demo.example.org/"}, ["maint"]),
    ("PUT", "/api/1.3/projects/other/", {"web_url": "https://other.example.org/"}, ["other"]),
    ("PATCH", f"/api/bundles/{public}/", {"name": "public still"}, ["maint"]),
    ("PUT", f"/api/bundles/{public}/", {"name": "public", "patches": [patch]}, ["maint"]),
    ("PATCH", f"/api/bundles/{private}/", {"public": False}, ["maint"]),
    ("PATCH", f"/api/users/{users['maint']}/", {"first_name": "X"}, []),
    ("DELETE", f"/api/bundles/{public}/", None, ["maint"]),
    ("DELETE", f"/api/bundles/{private}/", None, ["maint"]),
]


def refused(method, path, body, allowed):
    for role, says in ROLES.items():
        if role in allowed:
            continue
        status, said = ask(role, method, path, body)
        said = said.get("detail", "")
        hidden = status == 404 and path == f"/api/bundles/{private}/"
        fine = status == 403 or hidden
        if says is None:
            fine = fine and said in NOBODY
        elif says == INVALID or (says != NO_RIGHT and "/users/" not in path):
            fine = status == 403 and said.startswith(says)
        faults.check(fine, f"{role}: {method} {path}: {status} {said}")


expires = time.monotonic() + 10
while ask("expired", "GET", "/api/")[0] == 200 and time.monotonic() < expires:
    time.sleep(0.1)
before = world()
for write in WRITES:
    refused(*write)
# Scopes do not stand for each other.
for role, method, path, body in (
    ("checks", "PATCH", f"/api/patches/{patch}/", {"state": "accepted"}),
    ("patches", "POST", f"/api/patches/{patch}/checks/", {"state": "success"}),
    ("checks", "POST", "/api/bundles/", {"name": "x", "patches": [patch]}),
    ("checks", "PATCH", "/api/projects/demo/", {"web_url": "https://x.example.org/"}),
):
    status, said = ask(role, method, path, body)
    faults.check(status == 403 and "lacks the scope" in said["detail"], role, path, status, said)
# Nobody gets a patch of a project that he does not maintain, nor posts in another's name.
status, said = ask("maint", "PATCH", f"/api/patches/{patch}/", {"delegate": users["other"]})
faults.check(status == 400 and "not a maintainer" in str(said), "a foreign delegate:", status, said)
status, said = ask("maint", "POST", f"/api/patches/{patch}/checks/",
                   {"state": "success", "user": users["both"]})
faults.check(status == 400 and "user" in said, "a check in another's name:", status, said)


def call(role, method, *params):
    """XML-RPC with Basic: "" or the fault."""
    own = ("patches", "checks", "read", "revoked", "expired")
    who = "maint" if role in own else "nobody-of-that-name" if role == "ghost" else role
    headers = {}
    if role == "guessed":
        headers["Authorization"] = "Basic bWFpbnQ6cG1feHh4"
    elif role != "nobody":
        headers = service.basic(who, role)
    answer = service.ask("POST", "/xmlrpc/", xmlrpc.client.dumps(params, method), headers,
                         kind="text/xml", address=next(addresses))
    try:
        assert answer.status == 200, f"{role}: {method}: {answer.status} {answer.body!r}"
        xmlrpc.client.loads(answer.body)
        return ""
    except xmlrpc.client.Fault as fault:
        return fault.faultString


SET = ("patch_set", patch, {"archived": True})
CHECK = ("check_create", patch, "x", "success", "", "")
for role in list(ROLES) + ["checks", "patches"]:
    for one in (SET, CHECK):
        may = (("checks", "check_create"), ("patches", "patch_set"))
        if role not in may_change and (role, one[0]) not in may:
            faults.check(call(role, *one), f"XML-RPC: {role} may {one[0]}")
faults.check(call("maint", "patch_set", theirs, {"archived": False}), "XML-RPC: a foreign patch")
# The name of Basic has to be the token's owner.
answer = service.ask("GET", "/api/", headers=service.basic("other", "maint"), address=next(addresses))
faults.check(answer.status == 403, "a token under another's name:", answer.status)

after = world()
for key, value in before.items():
    faults.check(after[key] == value, "a refused write changed", key)

# Now those who may; deletion is last.
for method, path, body, allowed in WRITES:
    for role in allowed:
        status, said = ask(role, method, path, body)
        faults.check(status in (200, 201, 204), f"{role}: {method} {path}: {status} {said}")
status, said = ask("both", "PATCH", f"/api/patches/{patch}/", {"related": [theirs]})
faults.check(status == 200, "a relation by the maintainer of both:", status, said)
for role, of in (("maint", patch), ("other", theirs)):  # neither takes apart what reaches further
    status, said = ask(role, "PATCH", f"/api/patches/{of}/", {"related": []})
    faults.check(status == 403, f"{role} takes the relation apart:", status, said)
status, said = ask("both", "PATCH", f"/api/patches/{patch}/", {"related": []})
faults.check(status == 200 and said["related"] == [], "the end of the relation:", status, said)
for role, one in (("maint", SET), ("submitter", CHECK), ("checks", CHECK), ("patches", SET)):
    faults.check(call(role, *one) == "", f"XML-RPC: {role} may not {one[0]}")

# Guessing: five tries, then one has to wait, also with a token that counts; others do not.
for number in range(5):
    answer = service.ask("GET", "/api/", headers={"Authorization": f"Token pm_{number:043}"},
                         address="203.0.113.200")
    faults.check(answer.status == 403, f"guess {number}: {answer.status}")
service.ask("GET", "/api/", headers={"Authorization": "Token pm_x"}, address="203.0.113.200")
for path in ("/api/", "/series/1/mbox/", "/xmlrpc/"):
    method = "POST" if path == "/xmlrpc/" else "GET"
    answer = service.ask(method, path, headers={}, token="maint", address="203.0.113.200")
    faults.check(answer.status == 429, f"{path} after guessing: {answer.status}")
    faults.check(int(answer.headers.get("Retry-After", 0)) >= 1, "no Retry-After")
faults.check(service.ask("GET", "/api/", token="maint").status == 200, "everybody has to wait")
faults.end(f"{faults.checked} refusals and rights")
