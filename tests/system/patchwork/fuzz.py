"""Bad input to everything of Patchwork's that the service answers: never an error of the service,
and never dearer than a good request by much.

Inputs come from the table below and a fixed seed; where the folder with Patchwork's descriptions
(the argument) is, the table is compared with them. PATCHMILL_FUZZ_SECONDS goes on with the next
seeds for so long. What a request costs is the processor time of the service, beside the median of
good requests of the same kind. More than MOST_TIMES that is a fault, and so is a class of bad input
that takes more than MOST_SECONDS in all.
"""

import collections
import json
import os
import random
import re
import statistics
import sys
import time
import urllib.parse

from bad_calls import raw_requests, xml_bodies, xml_call
from bad_values import BYTES, KINDS, NUMBERS, SHORT, TEXTS, VALUES
from client import Faults, Service

MOST_SECONDS = 2
MOST_TIMES = 10
# Good requests may be answered from memory; what reads the store may cost this much.
LEAST_COST = 1e6  # ns
service = Service()
faults = Faults()

# Lists and their filters; every list has page, per_page, order and q.
LISTS = {
    "projects/": [],
    "series/": ["project", "submitter", "before", "since"],
    "patches/": ["project", "series", "submitter", "delegate", "state", "archived", "before",
                 "since", "hash", "msgid"],
    "patches/{id}/comments/": [],
    "patches/{id}/checks/": ["user", "state", "context", "before", "since"],
    "covers/": ["project", "series", "submitter", "before", "since", "msgid"],
    "covers/{id}/comments/": [],
    "events/": ["project", "category", "series", "patch", "cover", "actor", "before", "since"],
    "bundles/": ["project", "owner", "public"],
    "users/": [],
    "people/": [],
}
EVERY_LIST = ["page", "per_page", "order", "q"]
DETAILS = ["", "projects/{id}/", "series/{id}/", "patches/{id}/", "patches/{id}/comments/{part}/",
           "patches/{id}/checks/{part}/", "covers/{id}/", "covers/{id}/comments/{part}/",
           "bundles/{id}/", "users/{id}/", "people/{id}/"]
# What is written, with a body that is right.
WRITES = {
    "patches/{id}/": {"state": "new", "archived": False, "commit_ref": "c0ffee", "pull_url": None,
                      "delegate": None, "related": []},
    "patches/{id}/checks/": {"state": "success", "context": "fuzz", "description": "fine",
                             "target_url": "https://ci.example.org/1"},
    "patches/{id}/comments/{part}/": {"addressed": True},
    "covers/{id}/comments/{part}/": {"addressed": None},
    "projects/{id}/": {"web_url": "", "scm_url": "", "webscm_url": "", "list_archive_url": "",
                       "list_archive_url_format": "", "commit_url_format": "",
                       "show_dependencies": True},
    "bundles/": {"name": "fuzz", "patches": [1], "public": False},
    "bundles/{id}/": {"name": "fuzzed", "patches": [1], "public": True},
    "users/{id}/": {"first_name": "x", "settings": {"items_per_page": 5}},
}
READ_ONLY = {"id", "url", "name", "link_name", "list_id", "list_email", "maintainers",
             "subject_match", "username", "last_name", "email"}
PAGES = ["/series/{id}/mbox/", "/project/demo/patch/{msgid}/mbox/", "/project/{msgid}/patch/x/raw/",
         "/project/demo/patch/{msgid}/raw/", "/project/demo/patch/{msgid}/", "/cover/{id}/mbox/",
         "/project/demo/cover/{msgid}/mbox/", "/project/demo/cover/{msgid}/", "/patch/{id}/",
         "/project/{msgid}/", "/project/{msgid}/list/", "/project/{msgid}/pwclientrc/",
         "/bundle/{msgid}/{msgid}/mbox/", "/bundle/maint/{msgid}/", "/patch/{id}/mbox/",
         "/patch/{id}/raw/", "/cover/{id}/", "/comment/{id}/"]

Request = collections.namedtuple("Request", "method path body headers token kind like")


def request(method, path, body=None, like=None, **more):
    return Request(method, path, body, more.get("headers"), more.get("token"), more.get("kind"),
                   path if like is None else like)


def quoted(value):
    return urllib.parse.quote(value if isinstance(value, bytes) else value.encode("utf-8"), safe="")


def version():
    return random.choice(["", "1.0/", "1.1/", "1.2/", "1.3/", "1.4/"])


def whole(path, number=None, part=None):
    """A path with ids: those that are there unless others are given."""
    kind = path.split("/")[0]
    number = quoted(number) if number is not None else str(known.get(kind, 1))
    part = quoted(part) if part is not None else str(known.get(path, 1))
    return "/api/" + version() + path.replace("{id}", number).replace("{part}", part)


def token_for(path):
    return "maint" if path.startswith(("users", "people", "bundles")) else None


def bad_filters():
    for path, names in LISTS.items():
        for name in names + EVERY_LIST + ["format", "x[]", ""]:
            values = [quoted(value) for value in NUMBERS + TEXTS + BYTES]
            values = random.sample(values, 12) if name not in ("page", "per_page") else values
            for value in values:
                yield request("GET", f"{whole(path)}?{name}={value}", like=path,
                              token=token_for(path))


def many_filters():
    for path, names in LISTS.items():
        for name in names + EVERY_LIST:
            for query in ("&".join(f"{name}={number}" for number in range(10_000)),
                          "&".join(f"{name}={number}" for number in range(700)),
                          "&".join(f"{name}={number % 90}" for number in range(700)),
                          f"{name}=" + quoted(random.choice(TEXTS)) + f"&{name}=1" * 99):
                yield request("GET", f"{whole(path)}?{query}", like=path, token=token_for(path))
        for count in (50, 1000, 1001):
            yield request("GET", whole(path) + "?" + "&".join("x" * count), like=path)
            yield request("GET", whole(path) + "?q=" + "+".join("ab"[n % 2] for n in range(count)),
                          like=path)
        mixed = [f"{random.choice(names + EVERY_LIST)}={quoted(random.choice(SHORT))}"
                 for _ in range(60)]
        for size in (2, 5, 12):
            for _ in range(8):
                yield request("GET", f"{whole(path)}?{'&'.join(random.sample(mixed, size))}",
                              like=path, token=token_for(path))


def bad_paths():
    for path in list(LISTS) + DETAILS:
        if "{" not in path:
            continue
        for value in NUMBERS + random.sample(SHORT, 15) + BYTES:
            yield request("GET", whole(path, value), like=path, token=token_for(path))
            if "{part}" in path:
                yield request("GET", whole(path, None, value), like=path)
        yield request("GET", whole(path).rstrip("/"), like=path)
        yield request("GET", whole(path).replace("/", "//"), like=path)
        yield request("GET", whole(path) + "x/" * 500, like=path)
        for method in ("DELETE", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND"):
            yield request(method, whole(path, "0"), like=path, token="maint")
    for number in NUMBERS:
        yield request("GET", f"/api/{quoted(number)}/patches/", like="")
        yield request("GET", f"/api/1.{quoted(number)}/", like="")


def bad_headers():
    path, like = "/api/patches/?per_page=5", "patches/"
    values = {"Accept": ["x", "*/*;q=x", "application/json;q=0", ",".join(["a/b;q=0.1"] * 800)],
              "Authorization": ["", "Token", "Token ", "Basic", "Basic !!", "Basic AAAA", "x" * 5000,
                                "Basic " + "A" * 4096, "Digest username=x", "Token a b c"],
              "If-None-Match": ["*", '"', ",".join(f'"{n}"' for n in range(3000)), "W/" * 5000],
              "If-Modified-Since": ["x", "Mon, 99 Foo 9999 99:99:99 GMT", "0" * 5000],
              "Range": ["bytes=0-0", "bytes=-", "bytes=9-1", "bytes=99999999999999999999-", "x=1",
                        "bytes=" + ",".join(["0-"] * 2000)],
              "Accept-Encoding": ["gzip", "gzip;q=nan", ",".join(["gzip;q=0.5"] * 800), "br,*;q=0"],
              "X-HTTP-Method-Override": ["DELETE"], "X-Forwarded-For": ["x", "::1," * 1500],
              "X-Forwarded-Proto": ["javascript"], "Cookie": ["a=b;" * 2000, "=", "\x7f"],
              "Host": ["x", "[", "a" * 4000, "example.org:99999"], "Expect": ["100-continue", "x"],
              "Content-Encoding": ["gzip"], "Origin": ["null"]}
    for name, some in values.items():
        for value in some:
            address = f"198.18.{random.randrange(256)}.{random.randrange(256)}"
            headers = {"X-Forwarded-For": address, name: value}
            for method, target, body in (("GET", path, None), ("GET", "/series/1/mbox/", None),
                                         ("POST", "/api/patches/1/checks/", "{}")):
                yield request(method, target, body, like, headers=headers)


def in_form(value):
    return value if isinstance(value, (str, bytes)) else json.dumps(value)


def as_form(fields):
    return "&".join(f"{name}={urllib.parse.quote(in_form(value), safe='', errors='replace')}"
                    for name, value in fields)


def as_parts(fields, boundary="b"):
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
             + in_form(value).encode("utf-8", "surrogatepass") + b"\r\n" for name, value in fields]
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"


def wrong_types():
    for path, right in WRITES.items():
        method = "POST" if path in ("bundles/", "patches/{id}/checks/") else "PATCH"
        for name in right:
            for value in VALUES:
                body = {**right, name: value} if method == "POST" else {name: value}
                way = random.randrange(4)
                more = {"token": "maint", "like": method + path}
                if way < 2:
                    yield request(method, whole(path), json.dumps(body, ensure_ascii=way == 0)
                                  .encode("utf-8", "surrogatepass"), kind="application/json", **more)
                elif way == 2:
                    yield request(method, whole(path), as_form(body.items()), kind=FORM, **more)
                else:
                    yield request(method, whole(path), as_parts(body.items()), kind=PARTS, **more)


def broken_bodies():
    deep, many, longest = 25_000, 6_000, 64_000
    texts = ["", "{", "}", "[]", "null", "1", '"x"', "{]", '{"a"}', '{"state":}', "{'state':'new'}",
             '{"state":"new",}', '{"state":"new"} x', "\0", '{"a":"\0"}', '{"a":"\\u0000"}',
             '{"state":"new","state":7}', '{"a":"\\ud800"}', '{"a":1e999}', '{"a":NaN}', "\ufeff{}",
             "[" * deep, '{"a":' * deep, "[" * deep + "]" * deep, '{"state":' + "[" * 30 + "]" * 30 + "}",
             "{" + ",".join(f'"k{n}":1' for n in range(many)) + "}", '{"a":' + "9" * deep + "}",
             '{"related":[' + ",".join(["1"] * many) + "]}", " " * longest + "{}", "x" * longest,
             '{"state":"' + "x" * longest + '"}', '{"a":"' + "\\u0041" * many + '"}']
    forms = ["=", "&" * many, "state", "state=new&" * many, "%", "%zz", "state=%00", "state=%ff",
             "&".join(f"k{n}=1" for n in range(many)), "state=" + "a" * longest]
    whole_form = as_parts([("state", "new")])
    parts = [whole_form[:cut] for cut in range(0, len(whole_form), 9)] + [
        as_parts([("state", "new")] * 101), as_parts([(f"k{n}", "1") for n in range(many)]),
        as_parts([("state", "new")], "c"), b"--b\r\n" * many, b"--b--", b"--b\r\n\r\n--b--\r\n",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n\xff\r\n--b--\r\n",
        b"--b\r\n" + b"X: y\r\n" * many + b"\r\n\r\n--b--\r\n", b"\r\n" * many + whole_form,
        b'--b\r\nContent-Disposition: form-data; name="state"; filename="../x"\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="' + b"\\" * 5000 + b'\r\n\r\nx\r\n--b--\r\n']
    for path in WRITES:
        method = "POST" if path in ("bundles/", "patches/{id}/checks/") else "PATCH"
        more = {"token": "maint", "like": method + path}
        for kind, bodies in (("application/json", texts), (FORM, forms), (PARTS, parts)):
            for body in bodies:
                yield request(method, whole(path), body, kind=kind, **more)
        for kind in KINDS:
            yield request(method, whole(path), random.choice(texts[1:6]), kind=kind, **more)
        yield request(method, whole(path), "{}", kind="application/json", like=more["like"],
                      token="maint", headers={"Content-Length": "7"})
    large = service.ask("PATCH", whole("patches/{id}/"), b" " * 70_000 + b"{}", token="maint",
                        kind="application/json")
    faults.check(large.status == 413, "a body beyond 64 KiB:", large.status)


def bad_pages():
    for page in PAGES:
        for value in NUMBERS + TEXTS + BYTES:
            target = page.replace("{id}", quoted(value)).replace("{msgid}", quoted(value))
            yield request("GET", target, like="/page", token=random.choice([None, "maint"]))
    for value in NUMBERS + SHORT + BYTES:
        yield request("GET", f"/project/demo/list/?series={quoted(value)}", like="/page")
        yield request("GET", f"/project/demo/patch/{known['msgid']}/mbox/?series={quoted(value)}",
                      like="/page")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
        yield request(method, "/series/1/mbox/", like="/page")


def xml_calls():
    methods = re.findall(r"^(\w+)\(", service.ask("GET", "/xmlrpc/").body.decode(), re.M)
    faults.check(len(methods) == 18, "methods of XML-RPC:", methods)
    bodies = xml_bodies(methods)
    for body in bodies:
        yield request("POST", "/xmlrpc/", body.encode("utf-8", "surrogatepass"), "/xmlrpc/", kind="text/xml",
                      headers=service.basic("maint", "maint") if random.random() < 0.3 else None)
    for kind in KINDS + ["application/xml", "text/xml; charset=x"]:
        yield request("POST", "/xmlrpc/", bodies[0], "/xmlrpc/", kind=kind)


CLASSES = [bad_filters, many_filters, bad_paths, bad_headers, wrong_types, broken_bodies, bad_pages,
           xml_calls]


def send(one):
    """The answer and its processor time in ns."""
    before = service.processor_ns()
    answer = service.ask(one.method, one.path, one.body, one.headers, one.token, one.kind)
    return answer, service.processor_ns() - before


def good_costs():
    """The median of good requests, by what is asked."""
    good = {}
    for path in list(LISTS) + DETAILS:
        good[path] = request("GET", whole(path), token=token_for(path))
    for path, right in WRITES.items():
        method = "POST" if path in ("bundles/", "patches/{id}/checks/") else "PATCH"
        good[method + path] = request(method, whole(path), right, token="maint")
    good["/page"] = request("GET", f"/project/demo/patch/{known['msgid']}/mbox/")
    good["/xmlrpc/"] = request("POST", "/xmlrpc/", xml_call("patch_list", {"max_count": 20}), kind="text/xml")
    return {like: max(LEAST_COST, statistics.median(send(one)[1] for _ in range(15)))
            for like, one in good.items()}


def check(one, answer):
    name = f"{one.method} {one.path[:200]!r} {str(one.headers or one.body or '')[:120]!r}"
    faults.check(answer.status < 500, f"{name}: {answer.status} {answer.body[:200]!r}")
    if answer.status == 200 and one.path.startswith("/api/") and one.method != "HEAD":
        if "json" in (answer.headers["Content-Type"] or "") and not answer.headers["Content-Encoding"]:
            json.loads(answer.body)


def run(make, cost):
    """One class: all of its requests, and a line about what they cost."""
    worst, total, count, statuses = (0, ""), 0, 0, collections.Counter()
    for one in make():
        answer, spent = send(one)
        total += spent
        count += 1
        statuses[answer.status] += 1
        check(one, answer)
        ratio = spent / cost[one.like]
        if ratio > max(3, worst[0]):
            # Other threads of the service work, too: the least of several is what it costs.
            ratio = min(send(one)[1] for _ in range(5)) / cost[one.like]
        further = str(one.body or one.headers or "")[:40]
        worst = max(worst, (ratio, f"{one.method} {one.path[:70]} {further!r}"))
    seen = " ".join(f"{status}:{n}" for status, n in sorted(statuses.items()))
    print(f"   {make.__name__}: {count} requests, {total / 1e9:.2f} s of processor time, at worst "
          f"{worst[0]:.1f} times a good request ({worst[1]}); {seen}")
    faults.check(worst[0] <= MOST_TIMES, f"{make.__name__}: {worst[0]:.1f} times a good request: {worst[1]}")
    faults.check(total < MOST_SECONDS * 1e9, f"{make.__name__}: {total / 1e9:.1f} s of processor time")


def compare_table(folder):
    """Nothing that Patchwork describes is left out above."""
    try:
        import yaml
    except ImportError:
        yaml = None
    if yaml is None or not os.path.isdir(folder):
        print("   without Patchwork's descriptions: the table is not compared with them")
        return
    with open(f"{folder}/openapi-v1.4.yaml", encoding="utf-8") as file:
        document = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for path, methods in document["paths"].items():
        plain = re.sub(r"\{(id|\w+_id)\}", "{id}", path[len("/api/1.4/"):]) + "/"
        plain = plain.lstrip("/")
        if plain.count("{id}") == 2:
            plain = "{id}/".join(plain.split("{id}/")[:2]) + "{part}/"
        faults.check(plain in LISTS or plain in DETAILS, "not fuzzed:", path)
        for parameter in methods.get("get", {}).get("parameters", []):
            name = parameter.get("name")
            faults.check(name is None or name in LISTS.get(plain, []), f"not fuzzed: {path}?{name}=")
        for method in ("post", "put", "patch"):
            body = methods.get(method, {}).get("requestBody")
            if body is None:
                continue
            schemas = document["components"]
            schema = schemas["requestBodies"][body["$ref"].split("/")[-1]]["content"]["application/json"]
            schema = schemas["schemas"][schema["schema"]["$ref"].split("/")[-1]]
            for piece in [schema] + schema.get("allOf", []):
                for name in set(piece.get("properties", {})) - READ_ONLY:
                    faults.check(name in WRITES.get(plain, {}), f"not fuzzed: {method} {path} {name}")


compare_table(sys.argv[1])
patch = service.get("/api/patches/?msgid=20260303110200.33-2-tess@example.org")[0]
cover = service.get("/api/covers/?msgid=20260303110200.33-1-tess@example.org")[0]["id"]
bundle = {"name": f"fuzz {os.getpid()}", "patches": [patch["id"]]}
made = service.ask("POST", "/api/bundles/", bundle, token="maint")
known = {"patches": patch["id"], "covers": cover, "series": patch["series"][0]["id"], "projects": "demo",
         "bundles": json.loads(made.body)["id"], "users": 1, "people": 1, "": 1,
         "msgid": quoted(patch["msgid"].strip("<>"))}
for kind in ("patches", "covers"):
    known[f"{kind}/{{id}}/comments/{{part}}/"] = service.get(f"/api/{kind}/{known[kind]}/comments/")[0]["id"]
before = service.get("/api/patches/?project=other")

seconds = float(os.environ.get("PATCHMILL_FUZZ_SECONDS") or 0)
end, seed, sent = time.monotonic() + seconds, 1, 0
while seed == 1 or time.monotonic() < end:
    random.seed(seed)
    costs = good_costs()
    if seed > 1:
        print(f"   seed {seed}")
    for make in CLASSES:
        run(make, costs)
    for text in raw_requests():
        status = service.raw(text)
        # 505: it is not HTTP/1.1.
        faults.check(status < 500 or status == 505, f"{text[:80]!r}: {status}")
    seed += 1
# Whatever was written was written to one project.
faults.check(service.get("/api/patches/?project=other") == before, "the other project has changed")
faults.check(service.get("/healthz")["status"] == "ok", "health:", service.get("/healthz"))
faults.end(f"{faults.checked} answers, seeds 1 to {seed - 1}")
