"""Values that are wrong somewhere: numbers, texts, what SQL and regular expressions make of them."""

NUMBERS = ["-1", "0", "1", "2147483648", "9223372036854775807", "9223372036854775808",
           "-9223372036854775809", "1" * 40, "1.5", "1e3", "1e400", "NaN", "0x1", "+1", " 1", "١",
           "1\0", "1,2", "[]"]
TEXTS = ["", " ", "\0", "a\0b", "'", "' OR '1'='1", "1; DROP TABLE registry_patches; --", "\" --",
         "1) UNION SELECT secret FROM tokens --", "%", "_", "%%%", "\\", "\\%", "(a+)+$", "[", "(?i)",
         ".*" * 100, "(" * 200, "^(a|a)*$", "*", "%s%n", "${x}", "{{x}}", "<script>", "null",
         "true", "None", "new", "../../etc/passwd", "\r\nX: y", "\x1b[31m", "\u202e", "🐧" * 50,
         "e\u0301" * 50, "\ufeff", "İı", "ﷺ" * 40, "a" * 255, "a" * 1000, "a" * 1001, "a b " * 300,
         "-id", "-date,name", "date,,-", "received_all", "2026-13-40", "2026-03-01", "0000-00-00",
         "9999-12-31T23:59:59.999999Z", "2026-03-01T00:00:00+99:99", "2026-03-01T00:00:00.1234567890"]
BYTES = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\x80b"]
SHORT = [text for text in TEXTS if len(text) < 300]
VALUES = [None, True, False, 0, -1, 1.5, 1e308, 2**31, 2**63, 10**30, [], {}, [[]], [None], {"a": 1},
          [1, 1, 1], [-1], ["x"], list(range(2000))] + TEXTS + ["a" * 60_000, "\ud800", "\U0010ffff"]
KINDS = ["text/plain", "application/xml", "application/json; charset=utf-16", "image/png", "json",
         "application/json, text/html", "multipart/form-data", "multipart/form-data; boundary=",
         "multipart/form-data; boundary=" + "b" * 71, "application/x-www-form-urlencoded", "/", ";"]
