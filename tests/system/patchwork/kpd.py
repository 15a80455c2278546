"""What kernel-patches-daemon asks of a Patchwork, request by request (its patchwork.py of 2026)."""

import datetime
import json
import re
import urllib.parse

from client import Faults, Service

service = Service()
faults = Faults()
API = "/api/1.2/"
STATES = {"new": 1, "under-review": 2, "rfc": 5, "changes-requested": 7, "queued": 13, "needs_ack": 15}
CLOSED = {"rejected": 4, "accepted": 3, "not-applicable": 6, "superseded": 9,
          "awaiting-upstream": 8, "deferred": 10}
SUBJECT = re.compile(r"(?P<header>\[[^\]]*\])? *(?P<name>.+)")
asked = 0


def get(path, params=()):
    """One request as aiohttp sends it; it does not accept a special type."""
    global asked
    asked += 1
    target = urllib.parse.urljoin(API, urllib.parse.urlsplit(path).path)
    query = urllib.parse.urlsplit(path).query or urllib.parse.urlencode(params)
    answer = service.ask("GET", target + ("?" + query if query else ""),
                         headers={"Accept": "*/*", "User-Agent": "Python/3.11 aiohttp/3.9"})
    faults.check(answer.status == 200, "GET", target, query, answer.status)
    return answer


def objects(kind, params=()):
    """All pages: `next` is followed as it stands, without the filters asked for at first."""
    items, path = [], kind + "/"
    while True:
        answer = get(path, params)
        items += json.loads(answer.body)
        found = re.search(r'<([^>]*)>; rel="next"', answer.headers["Link"] or "")
        if not found:
            return items
        path, params = found.group(1), ()


def one(kind, number):
    return json.loads(get(f"{kind}/{number}/").body)


def subject(series):
    return SUBJECT.match(series["name"]).group("name")


def post(patch, check):
    """A check, unless the newest of its context says the same: the answer's status."""
    newest = json.loads(get(f"patches/{patch}/checks/", {
        "context": check["context"], "order": "-date", "per_page": "1"}).body)
    if newest:
        if check["state"] == "pending" != newest[0]["state"]:
            return None
        if (newest[0]["state"], newest[0]["target_url"]) == (check["state"], check["target_url"]):
            return None
    answer = service.ask("POST", f"{API}patches/{patch}/checks/", urllib.parse.urlencode(check),
                         token="maint", kind="application/x-www-form-urlencoded")
    return answer.status


project = service.get("/api/1.2/projects/demo/")["id"]
since = datetime.datetime(2026, 3, 1).strftime("%Y-%m-%dT%H:%M:%S")
search = [("archived", "False")] + [("state", number) for number in STATES.values()]
search += [("since", since), ("project", str(project))]
patches = objects("patches", search)
faults.check(len(patches) > 10, "patches that are open:", len(patches))
# The same with small pages: `next` carries every filter.
small = objects("patches", search + [("per_page", "3")])
faults.check([p["id"] for p in small] == [p["id"] for p in patches], "pages of three differ")
faults.check(all(p["state"] in STATES and not p["archived"] for p in patches), "states")

numbers = set()
for patch in patches:
    faults.check(patch["project"]["id"] == project, "a foreign patch", patch["id"])
    for series in patch["series"]:
        faults.check(series["name"], "a series without a name:", series["id"])
        numbers.add(int(series["id"]))
faults.check(len(numbers) > 5, "series:", len(numbers))

subjects = {}
for number in sorted(numbers):
    series = one("series", number)
    for field in ("date", "url", "web_url", "version", "mbox", "patches"):
        faults.check(series[field], f"series {number} has no {field}")
    faults.check("@" in series["submitter"]["email"], "the submitter's address")
    datetime.datetime.strptime(series["date"], "%Y-%m-%dT%H:%M:%S")  # utcnow() minus this
    faults.check(subject(series).strip(), "a subject of series", number)
    subjects.setdefault(subject(series), []).append(number)

for text, wanted in subjects.items():
    # Full text by name: too many are sorted out, too few are lost.
    found = [s["id"] for s in objects("series", {"q": text}) if subject(s) == text]
    faults.check(set(wanted) <= set(found), f"'{text}' finds {found}, not {wanted}")
    for series in (one("series", number) for number in wanted):
        names = []
        for patch in (one("patches", patch["id"]) for patch in series["patches"]):
            faults.check(patch["state"] in {**STATES, **CLOSED}, "state", patch["state"])
            faults.check(patch["delegate"] is None or patch["delegate"]["id"], "delegate")
            datetime.datetime.strptime(patch["date"], "%Y-%m-%dT%H:%M:%S")
            names.append(patch["name"])
        if series["cover_letter"]:
            faults.check(series["cover_letter"]["name"], "a cover letter without a name")
        mbox = get(series["mbox"]).body
        faults.check(mbox.count(b"\nX-Patchwork-Id: ") == len(names), f"{series['mbox']}: {len(names)}")
        web = urllib.parse.urlsplit(series["web_url"] + "&state=*")  # as its mails say it
        page = service.ask("GET", f"{web.path}?{web.query}")
        faults.check(page.status in (200, 302), "web_url", page.status, series["web_url"])

# Checks: pending, then the result, nothing twice; never back to pending.
patch = patches[0]["id"]
check = {"context": "bpf-next-PR", "target_url": "https://github.com/x/y/pull/1",
         "description": "PR summary", "state": "pending"}
faults.check(post(patch, check) == 201, "a pending check")
faults.check(post(patch, check) is None, "a check that says nothing new")
check["state"] = "fail"
faults.check(post(patch, check) == 201, "a failed check")
faults.check(one("patches", patch)["check"] == "fail", "the patch's check")
check["state"] = "pending"
faults.check(post(patch, check) is None, "back to pending")
check.update(state="success", context="bpf-next-VM_Test-1", description="Logs for x86_64-gcc")
faults.check(post(patch, check) == 201, "a second context")
# In its words: the newest of a context, whatever the case (as patchwork.kernel.org does).
newest = json.loads(get(f"patches/{patch}/checks/", {"context": "bpf-next-PR", "order": "-date",
                                                   "per_page": "1"}).body)
faults.check([c["state"] for c in newest] == ["fail"], "the newest check:", newest)

# States and delegates that people set: what it looks for, and no more.
for slug, number in {**STATES, **CLOSED}.items():
    changed = service.ask("PATCH", f"{API}patches/{patch}/", {"state": slug}, token="maint")
    faults.check(changed.status == 200, "state", slug, changed.status, changed.body[:200])
    found = [p["id"] for p in objects("patches", {"state": number, "project": project})]
    faults.check(patch in found, f"a patch in state {slug} is not found by {number}")
    listed = [p["id"] for p in objects("patches", search)]
    faults.check((patch in listed) == (slug in STATES), f"{slug}: among those that are open?")
user = next(u["id"] for u in service.get("/api/1.2/users/", "maint") if u["username"] == "maint")
service.ask("PATCH", f"{API}patches/{patch}/", {"state": "new", "delegate": user}, token="maint")
found = objects("patches", search + [("delegate", str(user))])
faults.check([p["delegate"]["id"] for p in found if p["id"] == patch] == [user], "by delegate")
faults.end(f"{asked} requests, {len(numbers)} series")
