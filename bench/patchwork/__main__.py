"""Cases of script/bench beside the real Patchwork: pw-import, pw-series, pw-events, pw-million,
pw-parallel. With PEER_PATCHWORK (peer.py) on the same mails; without it against what was measured of
Patchwork 3.3 (644cef7c) on two processors of an AMD EPYC. Wants PATCHMILL_BIN."""

import concurrent.futures
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import million
from mails import Writer, write_mbox
from ours import Ours
from peer import peer_if_named
from processes import cpu_seconds, fail, get, load, memory_mb

# What was measured of Patchwork. Of answers the best: its SQLite file in memory, one request at a
# time. Of the import what it took with the file on a disk, as ours is.
RECORDED_MAIL_US = 13_239   # of processor a mail, by parsearchive (4 532 mails in 60 s)
RECORDED_SERIES_MS = 218    # of processor, /api/1.2/series/?project=local&per_page=100
RECORDED_EVENTS_MS = 28     # of processor, /api/1.2/events/
RECORDED_INTACT = 5.9       # series of 10, 8 deliveries at once, PostgreSQL: 8.8 shallow, 3 deep


def conclude(name, ours, theirs, unit, more_is_better=True, recorded=False, digits=0):
    ratio = ours / theirs if more_is_better else theirs / ours
    if recorded:
        print("PEER_PATCHWORK is not set: the peer is what was recorded of Patchwork")
    print(f"{name} ratio {ratio:.1f} (ours {ours:.{digits}f} {unit}, peer {theirs:.{digits}f} {unit})")


def timed(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def pw_import(folder):
    """The same mbox into empty stores, until every list has what was in it."""
    mbox = folder / "archive.mbox"
    many = folder / "many.mbox"
    write_mbox(mbox, Writer().archive(4_500))
    write_mbox(many, Writer().archive(45_000))
    rates, costs = [], []
    for path, count in ((mbox, 4_500), (mbox, 4_500), (many, 45_000), (many, 45_000)):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            ours = Ours(Path(place))
            cpu = os.times()
            rates.append(count / timed(lambda: ours.run("import", str(path))))
            used = os.times()
            spent = used.children_user + used.children_system - cpu.children_user - cpu.children_system
            costs.append(spent / count * 1e6)
            print(f"ours, {count} mails: {rates[-1]:.0f} mails/s, {costs[-1]:.0f} us of processor a "
                  "mail")
    peer = peer_if_named()
    if not peer:
        return conclude("pw-import", min(costs[:2]), RECORDED_MAIL_US, "us of processor a mail",
                        False, True)
    theirs = 4_500 / timed(lambda: peer.manage("parsearchive", str(mbox)))
    peer.remove()
    return conclude("pw-import", max(rates[:2]), theirs, "mails/s")


def answers(name, path, recorded_ms, folder):
    mbox = folder / "archive.mbox"
    write_mbox(mbox, Writer().archive(4_500))
    ours = Ours(folder)
    ours.run("import", str(mbox))
    url = ours.serve() + path
    rate, cpu = load(url, ours.pids)
    count = len(json.loads(get(url)))
    print(f"ours: {rate:.0f} requests/s, {cpu:.3f} ms of processor each, {count} items, "
          f"{len(get(url))} bytes")
    ours.stop()
    peer = peer_if_named()
    if not peer:
        return conclude(name, cpu, recorded_ms, "ms of processor", False, True, 3)
    peer.manage("parsearchive", str(mbox))
    url = peer.serve() + path
    theirs, their_cpu = load(url, peer.pids)
    print(f"peer: {theirs:.1f} requests/s, {their_cpu:.1f} ms of processor each, "
          f"{len(json.loads(get(url)))} items, {len(get(url))} bytes")
    peer.remove()
    return conclude(name, rate, theirs, "requests/s", digits=1)


def pw_series(folder):
    answers("pw-series", "/api/1.2/series/?project=local&per_page=100", RECORDED_SERIES_MS, folder)


def pw_events(folder):
    answers("pw-events", "/api/1.2/events/", RECORDED_EVENTS_MS, folder)


def pw_million(folder):
    """Every question three times, in any order, while another client asks as well."""
    patches = int(os.environ.get("PATCHES", "1000000"))
    ours = Ours(folder, million.PROJECTS)
    ours.run("import", str(write_one(folder)))
    took = timed(lambda: million.fill(ours.store, patches))
    print(f"{patches} patches in {took:.0f} s, {ours.store.stat().st_size / 1e6:.0f} MB")
    address = ours.serve().removeprefix("http://")
    asked = list(million.questions(patches))
    begin = time.monotonic()
    ask(address, ["patches/", "series/", "covers/", "events/"])
    print(f"ready after {time.monotonic() - begin:.1f} s")
    times = ask(address, random.Random(1).sample(asked * 3, len(asked) * 3))
    for path, most in sorted(((path, max(of)) for path, of in times.items()), key=lambda p: -p[1])[:12]:
        print(f"  {most:7.2f} ms  {path[:90]}")
    every = sorted(time for of in times.values() for time in of)
    print(f"{len(every)} answers: median {statistics.median(every):.2f} ms, 99 of 100 "
          f"{every[len(every) * 99 // 100]:.2f} ms, worst {every[-1]:.2f} ms")
    halves = [random.Random(i).sample(asked, len(asked)) for i in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda paths: ask(address, paths), halves))
    pid = ours.server.pid
    print(f"memory after four clients at once: {memory_mb(pid):.0f} MB, of which "
          f"{memory_mb(pid, 'RssAnon'):.0f} MB its own and the rest mapped files")
    ours.stop()
    conclude("pw-million", max(every[len(every) * 99 // 100], 0.01), 20, "ms", False, digits=2)


def write_one(folder):
    path = folder / "one.mbox"
    write_mbox(path, ["From: nobody\n\nnothing\n"])
    return path


def ask(address, paths):
    connection = http.client.HTTPConnection(address, timeout=60)
    times = {}
    for path in paths:
        begin = time.perf_counter()
        connection.request("GET", "/api/1.3/" + path)
        answer = connection.getresponse()
        answer.read()
        times.setdefault(path, []).append((time.perf_counter() - begin) * 1000)
        if answer.status != 200:
            fail(f"{path}: status {answer.status}")
    return times


def intact_ours(folder, mails, imports):
    """Series that have all their patches and their cover, and how many series there are."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        ours = Ours(Path(place))
        if imports:  # eight archives, one import each, as often as another is under way
            deal(lambda mail: ours.run("receive", mail=mail), mails[::2])
            write_mbox(Path(place) / "rest.mbox", mails[1::2])
            with concurrent.futures.ThreadPoolExecutor(9) as pool:
                rest = pool.submit(ours.run, "import", str(Path(place) / "rest.mbox"))
                list(pool.map(lambda mail: ours.run("receive", mail=mail), mails))
                rest.result()
        else:
            deal(lambda mail: ours.run("receive", mail=mail), mails)
        url = ours.serve()
        end = time.monotonic() + 20
        while True:
            series = json.loads(get(url + "/api/1.2/series/?project=local&per_page=250"))
            received = sum(one["received_total"] for one in series)
            if received >= 80 or time.monotonic() > end:
                break
            time.sleep(0.1)
        ours.stop()
        return count_intact(series)


def count_intact(series):
    good = [one for one in series
            if one["received_all"] and len(one["patches"]) == 8 and one["cover_letter"]]
    return len(good), len(series)


def deal(deliver, mails):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, mails))


def deliver_again(peer, mail, refused):
    """As a mail server does whose filter fails."""
    for _ in range(10):
        try:
            return peer.manage("parsemail", mail=mail)
        except subprocess.CalledProcessError:
            refused.append(mail)
    return None


def pw_parallel(folder):
    """Ten series of a cover and eight patches each, their mails in any order, eight deliveries at a
    time; threads whose patches answer the cover, and threads where each answers the one before."""
    intact = []
    for trial in range(6):
        writer = Writer(trial)
        mails = [mail for number in range(10)
                 for _, mail in writer.series(f"work{number}", 8, deep=trial % 2 == 1,
                                              person=number + 1, replies=0)]
        writer.random.shuffle(mails)
        good, rows = intact_ours(folder, mails, imports=trial >= 4)
        intact.append(good)
        print(f"ours, {'deep' if trial % 2 else 'shallow'} threads"
              f"{', beside an import' if trial >= 4 else ''}: {good} of 10 intact, {rows} series")
    peer, theirs = peer_if_named(), RECORDED_INTACT
    if peer:
        peer.remove()
        per_trial = []
        for trial in range(2):
            peer = peer_if_named()
            writer = Writer(trial)
            mails = [mail for number in range(10)
                     for _, mail in writer.series(f"work{number}", 8, deep=trial % 2 == 1,
                                                  person=number + 1, replies=0)]
            writer.random.shuffle(mails)
            refused = []
            deal(lambda mail: deliver_again(peer, mail, refused), mails)
            url = peer.serve()
            good, rows = count_intact(
                json.loads(get(url + "/api/1.2/series/?project=local&per_page=250")))
            per_trial.append(good)
            print(f"peer, {'deep' if trial % 2 else 'shallow'} threads: {good} of 10 intact, "
                  f"{rows} series; {len(refused)} deliveries failed and were made again")
            peer.remove()
        theirs = sum(per_trial) / len(per_trial)
    conclude("pw-parallel", sum(intact) / len(intact), max(theirs, 0.1), "intact series of 10",
             recorded=not peer, digits=1)


CASES = {"pw-import": pw_import, "pw-series": pw_series, "pw-events": pw_events,
         "pw-million": pw_million, "pw-parallel": pw_parallel}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="patchmill-bench-") as work:
        CASES[sys.argv[1]](Path(work))
