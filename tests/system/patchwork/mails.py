#!/usr/bin/env python3
"""The sample list (its mbox is the argument) with what Patchwork's API has further words for."""

import sys

DIFF = """diff --git a/numbers b/numbers
index 1234567..89abcde 100644
--- a/numbers
+++ b/numbers
@@ -1,2 +1,3 @@
 one
+{}
 two
"""
COVER = "20260303110200.33-1-tess@example.org"  # Tess's series of three in the sample list
PATCH = "20260303110200.33-2-tess@example.org"


def mail(msgid, sender, subject, text, minute, further="", to="linux-demo"):
    return (
        f"From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: {sender}\nTo: {to}@example.org\n"
        f"Subject: {subject}\nDate: Thu, 5 Mar 2026 10:{minute:02}:00 +0000\n"
        f"Message-ID: <{msgid}@example.org>\nList-Id: <{to}.example.org>\n"
        f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n{further}\n{text}\n\n"
    )


def answer(msgid, parent, subject, minute, **more):
    further = f"In-Reply-To: <{parent}>\n"
    return mail(msgid, "Ada Grist <ada@example.org>", subject, "Fine.", minute, further, **more)


def patch(word):
    return f"Say {word}.\n\nSigned-off-by: Tess Chute <tess@example.org>\n---\n\n{DIFF.format(word)}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        listed = file.read()
    mark = f"Message-ID: <{PATCH}>\n"
    assert listed.count(mark) == 1
    # Who does not maintain the project gets no rights by it.
    print(listed.replace(mark, mark + "X-Patchwork-Delegate: other@example.org\n"))
    tess = "Tess Chute <tess@example.org>"
    below = "In-Reply-To: <o0@example.org>\n"
    print(
        answer("a0", COVER, "Re: [PATCH 0/3] fs/proc: small files, small corrections", 1)
        + answer("a1", PATCH, "Re: [PATCH 1/3] fs/proc/cmdline: mark the entry as permanent", 2)
        + mail("o0", tess, "[PATCH v2 0/2] numbers: words", "Two.", 3, to="other")
        + mail("o1", tess, "[PATCH v2 1/2] numbers: say three", patch("three"), 4, below, "other")
        + mail("o2", tess, "[PATCH v2 2/2] numbers: say four", patch("four"), 5, below, "other")
        + answer("a2", "o0@example.org", "Re: [PATCH v2 0/2] numbers: words", 6, to="other")
        + answer("a3", "o1@example.org", "Re: [PATCH v2 1/2] numbers: say three", 7, to="other")
        + mail("a/b+c%25", "=?utf-8?q?J=C3=B6_=F0=9F=90=A7?= <joe@example.org>",
               "=?utf-8?q?=5BPATCH=5D_numbers=3A_say_f=C3=BCnf_=E2=80=AE=3Cb=3E?=",
               patch("five"), 8, "X-Twice: one\nX-Twice: two\n")
        + mail("d1", tess, "[PATCH] numbers: say six",
               f"Depends-on: <{PATCH}>\n\n{patch('six')}", 9)
        + mail("p1", tess, "[GIT PULL] numbers for 6.20",
               "The following changes since commit 52f5038ef9800b8f5af9e0606cfd1f63fe0e4ceb:\n\n"
               "  first (2026-01-01 00:00:00 +0000)\n\nare available in the Git repository at:\n\n"
               "  https://git.example.org/numbers.git tags/six\n\nfor you to fetch changes", 10)
        + mail("n1", "nameless@example.org", "[PATCH 1/2] numbers: half a series",
               patch("seven"), 11)
    )


main()
