"""Mails of a list that never was: series of patches with covers, second versions and replies."""

import email.utils
import random

LIST = "local.example.org"
BEGIN = 1_767_600_000  # 2026-01-05
WORDS = ("the driver buffer when device is locked queue must not return pointer freed after probe "
         "while and ring counter updates before commit").split()


class Writer:
    def __init__(self, seed=20260105):
        self.random = random.Random(seed)

    def text(self, words):
        lines, line = [], ""
        for word in self.random.choices(WORDS, k=words):
            if len(line) + len(word) > 70:
                lines.append(line.rstrip())
                line = ""
            line += word + " "
        return "\n".join(lines + [line.rstrip()]) + "\n"

    def diff(self, path):
        out = [f"diff --git a/{path} b/{path}", f"index {self.random.getrandbits(48):012x}.."
               f"{self.random.getrandbits(48):012x} 100644", f"--- a/{path}", f"+++ b/{path}"]
        for hunk in range(self.random.randint(1, 5)):
            gone, new = self.random.randint(0, 5), self.random.randint(1, 10)
            at = 20 + hunk * 100
            out.append(f"@@ -{at},{6 + gone} +{at},{6 + new} @@ static int function_{hunk}(void)")
            for mark, count in ((" ", 3), ("-", gone), ("+", new), (" ", 3)):
                out += [f"{mark}\tif (state->field_{self.random.randrange(900)} != "
                        f"value_{self.random.randrange(900)})" for _ in range(count)]
        return "\n".join(out) + "\n"

    def mail(self, msgid, subject, time, person, body, parents=()):
        head = [f"Received: from mx{hop}.example.org (mx{hop}.example.org [192.0.2.{hop}])\n"
                f"\tby list.example.org with ESMTPS id {self.random.getrandbits(64):016X};\n"
                f"\t{email.utils.formatdate(time)}" for hop in range(1, 5)]
        head += [f"From: Person Number{person} <person{person}@example.org>",
                 f"Subject: {subject}", f"Date: {email.utils.formatdate(time)}",
                 f"Message-ID: <{msgid}>"]
        if parents:
            head += [f"In-Reply-To: <{parents[-1]}>",
                     "References: " + "\n\t".join(f"<{parent}>" for parent in parents)]
        head += ["To: local@example.org, maintainer@example.org", f"List-Id: <{LIST}>",
                 "MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8",
                 "Content-Transfer-Encoding: 8bit", "X-Mailer: git-send-email 2.39.5"]
        return "\n".join(head) + "\n\n" + body

    def series(self, name, total, version=1, time=BEGIN, person=1, cover=True, deep=False,
               replies=0.8):
        """(Message-ID, mail) of each, in the order in which they are sent."""
        mark = f"PATCH v{version}" if version > 1 else "PATCH"
        sent, parents = [], []
        for number in range(0 if cover else 1, total + 1):
            msgid = f"{name}.v{version}.{number}@example.org"
            subject = f"[{mark} {number}/{total}] drivers: {name}, step {number}"
            body = self.text(self.random.randint(40, 120))
            if number > 0:
                body += f"\nSigned-off-by: Person Number{person} <person{person}@example.org>\n---\n"
                for _ in range(self.random.randint(1, 3)):
                    body += self.diff(f"drivers/sub{person}/file{self.random.randrange(500)}.c")
            body += "-- \n2.39.5\n"
            sent.append((msgid, self.mail(msgid, subject, time + number, person, body, parents)))
            if deep:
                parents = [msgid]
            elif not parents:
                parents = [msgid]
            if self.random.random() < replies:
                other = 1 + person * 7 % 997
                answer = "On some day somebody wrote:\n" + "".join(
                    f"> {line}\n" for line in body.splitlines()[:20]) + "\n" + self.text(40)
                sent.append((msgid + ".re", self.mail(
                    msgid + ".re", "Re: " + subject, time + 3600 + number, other, answer,
                    [*dict.fromkeys((*parents, msgid))])))
        return sent

    def archive(self, mails):
        """So many mails of a list."""
        done, series = [], 0
        while len(done) < mails:
            series += 1
            total = self.random.randint(1, 10)
            for version in range(1, 3 if self.random.random() < 0.2 else 2):
                done += self.series(f"thing{series}", total, version,
                                    BEGIN + series * 3600 + version * 600,
                                    1 + series % 97, cover=self.random.random() < 0.9)
        return [mail for _, mail in done[:mails]]


def write_mbox(path, mails):
    with open(path, "w", encoding="utf-8") as out:
        for mail in mails:
            out.write("From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mail + "\n")
