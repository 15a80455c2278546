"""Calls of XML-RPC, and requests that no client library sends."""

import random

from bad_values import TEXTS, VALUES


def xml_value(value):
    if isinstance(value, bool):
        return f"<boolean>{int(value)}</boolean>"
    if isinstance(value, (int, float)):
        return f"<int>{value}</int>" if isinstance(value, int) else f"<double>{value}</double>"
    if isinstance(value, list):
        return "<array><data>" + "".join(f"<value>{xml_value(v)}</value>" for v in value) + "</data></array>"
    if isinstance(value, dict):
        return "<struct>" + "".join(f"<member><name>{k}</name><value>{xml_value(v)}</value></member>"
                                    for k, v in value.items()) + "</struct>"
    if value is None:
        return "<nil/>"
    return "<string>" + value.replace("&", "&amp;").replace("<", "&lt;") + "</string>"


def xml_call(method, *params):
    return (f"<?xml version='1.0'?><methodCall><methodName>{method}</methodName><params>"
            + "".join(f"<param><value>{xml_value(p)}</value></param>" for p in params)
            + "</params></methodCall>")


def xml_bodies(methods):
    """Broken calls of these methods, and what is no call."""
    values = VALUES[:17] + [v for v in TEXTS if len(v) < 1100]
    bodies = []
    for method in methods:
        bodies.append(xml_call(method))
        bodies.append(xml_call(method, *[1] * 19))
        for value in values:
            bodies.append(xml_call(method, value, *random.choices(values, k=random.randrange(3))))
    fields = ["id", "name", "project_id", "submitter_id", "delegate_id", "archived", "state_id", "date",
              "commit_ref", "hash", "msgid", "max_count", "series", "user", "patch_id", "x"]
    lookups = ["", "iexact", "contains", "icontains", "gt", "gte", "lt", "in", "startswith", "endswith",
               "range", "year", "month", "day", "isnull", "regex", "x__y", "__"]
    for field in fields:
        for lookup in lookups:
            key = field + ("__" + lookup if lookup else "")
            for value in random.sample(values, 4) + [["1", "2"], [1] * 1001]:
                bodies.append(xml_call(random.choice(["patch_list", "check_list"]), {key: value}))
    bodies += [xml_call("patch_list", {f"id__{n}": 1 for n in range(1000)}),
               xml_call("patch_list", {"id__in": list(range(3000))}),
               xml_call("patch_list", {"max_count": -(2**31)}), xml_call("project_list", "", -(2**63)),
               "<!DOCTYPE a [<!ENTITY a 'x'><!ENTITY b '&a;&a;&a;&a;'>]>" + xml_call("state_list", "&b;"),
               "<!DOCTYPE a SYSTEM 'file:///etc/passwd'>" + xml_call("state_list"),
               "<methodCall><methodName>x</methodName><params>" + "<param><value><array><data>" * 5000,
               "<methodCall>" * 5000, "<a " + " ".join(f"a{n}='1'" for n in range(5000)) + "/>",
               "<methodCall><methodName>" + "x" * 100_000, "", "x", "\0", "<", "<a></b>", "&lt;", "<!--" * 9000,
               "<?xml version='1.0' encoding='utf-16'?><a/>", "<?xml version='1.0' encoding='x'?><a/>",
               "<methodCall><methodName>state_list</methodName></methodCall>" * 2, " " * 140_000]
    return bodies


def raw_requests():
    """What no client library sends; the status of each, 0 for a connection that is closed."""
    end = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    target = b"GET /api/patches/?q="
    for middle in (b"\xff", b"\0", b" ", b"\t", b"\xf0\x9f\x90\xa7", b"#x", b"%", b"%0", b"\r", b"?" * 99):
        yield target + middle + end + b"\r\n"
    post = b"POST /api/patches/1/checks/" + end
    for more in (b"Content-Length: -1\r\n\r\n", b"Content-Length: 99999999999999999999\r\n\r\n",
                 b"Content-Length: 5\r\n\r\n{}", b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
                 b"Transfer-Encoding: chunked\r\n\r\nz\r\n{}", b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                 b"Transfer-Encoding: chunked\r\n\r\n1\r\nx", b"Content-Type: application/json\r\n\r\n",
                 b"Content-Type: \0\r\n\r\n", b"X: " + b"a" * 40_000 + b"\r\n\r\n", b"X: y\r\n" * 200 + b"\r\n",
                 b"Authorization: Token \xff\r\nContent-Length: 0\r\n\r\n"):
        yield post + more
    yield b"GET /api/patches/ HTTP/9.9\r\nHost: x\r\n\r\n"
    yield b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\0" * 100
    yield b"GET http://x/api/patches/" + end + b"\r\n"
    yield b"\r\n" * 2000
