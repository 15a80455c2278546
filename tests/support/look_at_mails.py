#!/usr/bin/env python3
"""Looks at every mail of ours in a maildir's folder: look_at_mails.py FOLDER

Each must have the fields a mail of a program has, once, and no other; must have come once to each
person; and must not hold a line that programs would take for a tag, a command or a patch. Prints
what is wrong; exits 1 then.
"""
import email, email.policy, glob, re, sys
from collections import Counter
bad = 0
seen = set()
allowed = {"from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "mime-version",
           "content-type", "content-transfer-encoding", "auto-submitted", "x-patchmill-loop", "x-patchmill-verdict",
           "list-unsubscribe", "x-mailfrom", "x-rcptto", "x-tls", "x-auto-response-suppress", "reply-to"}
def complain(path, what):
    global bad
    bad = 1
    print(f"FAIL: {what}: {path}")
for path in glob.glob(sys.argv[1] + "/*"):
    raw = open(path, "rb").read()
    mail = email.message_from_bytes(raw)
    if mail["Subject"] == "Test mail of patchmill":
        continue
    count = Counter(name.lower() for name in mail.keys())
    for name in ("from", "subject", "date", "message-id", "in-reply-to", "references", "auto-submitted", "x-patchmill-loop"):
        if count[name] != 1:
            complain(path, f"{count[name]} fields {name}")
    for name in count:
        if name not in allowed:
            complain(path, f"a field nobody meant: {name}")
    if mail["Auto-Submitted"] != "auto-generated":
        complain(path, "Auto-Submitted is " + str(mail["Auto-Submitted"]))
    if not re.fullmatch(r"<patchmill\.[0-9a-f]{32}@example\.org>", mail["Message-ID"]):
        complain(path, "Message-ID is " + mail["Message-ID"])
    if not re.fullmatch(r"<[^\s<>]+>", mail["In-Reply-To"]):
        complain(path, "In-Reply-To is " + mail["In-Reply-To"])
    for person in mail["X-RcptTo"].split(", "):
        if (mail["Message-ID"], person) in seen:
            complain(path, "there twice for " + person)
        seen.add((mail["Message-ID"], person))
    if mail["X-MailFrom"] != "ci@example.org" or mail["X-Tls"] != "yes":
        complain(path, "envelope: " + str(mail["X-MailFrom"]) + ", TLS " + str(mail["X-Tls"]))
    if "victim@" in (mail["X-RcptTo"] or ""):
        complain(path, "went to the victim")
    if re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", raw):
        complain(path, "control characters")
    text = mail.get_payload(decode=True).decode(mail.get_content_charset() or "ascii")
    if re.search(r"^(Reviewed-by|Signed-off-by|Acked-by|Tested-by|Bcc|#syz|@|diff --git|---$|\+\+\+ )", text, re.M):
        complain(path, "a line that programs would take for a command, tag or patch")
sys.exit(bad)
