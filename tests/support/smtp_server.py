#!/usr/bin/env python3
"""A real SMTP server (aiosmtpd) for script/with-smtp: smtp_server.py FOLDER

Three ports of 127.0.0.1: STARTTLS offered; STARTTLS and login required; TLS from the first byte.
Mails go into FOLDER/maildir with their envelope in X-MailFrom and X-RcptTo. Local parts choose
what happens: "reject…" is refused for good, "defer…" for now, "later…" for now the first time,
"tarpit…" is never answered, and after a mail to "cut…" the server hangs up without an answer. The
names of the ports are written to FOLDER/ports when it is ready.
"""
import asyncio
import mailbox
import os
import signal
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

FOLDER = sys.argv[1]
USER, PASSWORD = b"tester", os.environ["PATCHMILL_TEST_SMTP_PASSWORD"].encode()


class Handler:
    def __init__(self):
        self.maildir = mailbox.Maildir(os.path.join(FOLDER, "maildir"))
        self.seen = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("reject"):
            return "550 5.1.1 no such user"
        if address.startswith("defer"):
            return "450 4.2.0 try again later"
        if address.startswith("later") and address not in self.seen:
            self.seen.add(address)
            return "451 4.7.1 greylisted, come back later"
        if address.startswith("tarpit"):
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        header = f"X-MailFrom: {envelope.mail_from}\r\nX-RcptTo: {', '.join(envelope.rcpt_tos)}\r\n"
        encrypted = session.ssl or server.transport.get_extra_info("sslcontext")
        header += f"X-Tls: {'yes' if encrypted else 'no'}\r\n"
        self.maildir.add(header.encode() + envelope.content)
        if any(address.startswith("cut") for address in envelope.rcpt_tos):
            server.transport.abort()
        return "250 2.0.0 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == USER and data.password == PASSWORD
    return AuthResult(success=good, handled=good)


async def main():
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(os.path.join(FOLDER, "cert.pem"), os.path.join(FOLDER, "key.pem"))
    handler = Handler()
    kinds = {
        "starttls": dict(tls_context=context),
        "login": dict(tls_context=context, require_starttls=True, auth_required=True,
                      authenticator=authenticate),
        "implicit": dict(),
    }
    lines, servers = [], []
    for name, options in kinds.items():
        server = await loop.create_server(
            lambda options=options: SMTP(handler, hostname="localhost", **options), "127.0.0.1", 0,
            ssl=context if name == "implicit" else None)
        servers.append(server)
        lines.append(f"{name}={server.sockets[0].getsockname()[1]}\n")
    with open(os.path.join(FOLDER, "ports.new"), "w") as file:
        file.writelines(lines)
    os.rename(os.path.join(FOLDER, "ports.new"), os.path.join(FOLDER, "ports"))
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


asyncio.run(main())
