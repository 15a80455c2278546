"""A store with a million patches, straight into its tables, and every question lists can be asked."""

import itertools
import random
import sqlite3

PROJECTS = [f"list{number}" for number in range(1, 13)]
PEOPLE, USERS, PER_SERIES = 20_000, 50, 5
BEGIN, STEP = 1_500_000_000_000_000, 200_000_000  # microseconds


def insert(database, table, columns, rows):
    places = ",".join("?" * len(columns.split()))
    database.executemany(
        f"INSERT INTO registry_{table} ({','.join(columns.split())}) VALUES ({places})", rows)


def names_of(patches):
    """Subjects with words as common and as rare as in languages, and numbers nobody else has."""
    rare = random.Random(1)
    words = ["".join(rare.choices("etaoinsrhldcum", k=rare.randint(2, 11))) for _ in range(60_000)]
    words[:8] = ["add", "fix", "remove", "use", "the", "for", "support", "in"]
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))
    for begin in range(0, patches, 10_000):
        chosen = iter(rare.choices(words, cum_weights=weights, k=70_000))
        for patch in range(begin, min(begin + 10_000, patches)):
            last = f"thing{patch}" if patch % 3 == 0 else next(chosen)
            yield (f"net: {words[patch // 40 % 97]}: {next(chosen)} {next(chosen)} {next(chosen)} "
                   f"{next(chosen)} {next(chosen)} {last}")


def fill(path, patches):
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA cache_size = -400000")
    indexes = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql "
                               "IS NOT NULL AND tbl_name LIKE 'registry%'").fetchall()
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    dice = random.Random(20260105)
    below = lambda number: int(dice.random() * number)
    few = lambda number: 1 + min(below(number), below(number))
    insert(database, "users", "id username username_key first_name last_name email email_key "
           "send_email items_per_page show_ids",
           [(i, f"user{i}", f"user{i}", "Ann", f"Other{i}", f"user{i}@x", f"user{i}@x", 0, 100, 0)
            for i in range(1, USERS + 1)])
    insert(database, "people", "id name email email_key",
           [(i, f"Person {i}", f"person{i}@example.org", f"person{i}@example.org")
            for i in range(1, PEOPLE + 1)])
    places, events, series_rows, covers = [], [], [], []
    for series in range(1, patches // PER_SERIES + 1):
        places.append((few(len(PROJECTS)), few(PEOPLE)))

    def patch_rows():
        for patch, name in enumerate(names_of(patches), 1):
            series, number = (patch + PER_SERIES - 1) // PER_SERIES, (patch - 1) % PER_SERIES + 1
            project, submitter = places[series - 1]
            late = below(86_400_000_000) if below(5) == 0 else 0
            date = (BEGIN + patch * STEP - late) // 1_000_000 * 1_000_000
            seen = BEGIN + patch * STEP + below(1_000_000)
            if number == 1:
                cover = series if series % 2 == 0 else None
                series_rows.append((series, project, series, name, date, submitter, 1, PER_SERIES,
                                    cover, PER_SERIES, 0))
                events.append((7, project, seen, None, series, None))
                if cover:
                    covers.append((series, project, patches + series, series,
                                   f"2026.{series}.0@example.org", date, f"[0/{PER_SERIES}] {name}",
                                   submitter))
                    events.append((0, project, seen, None, None, series))
            events.append((1, project, seen, patch, None, None))
            events.append((2, project, seen, patch, series, None))
            yield (patch, project, patch, series, number, f"2026.{series}.{number}@example.org",
                   date, f"[{number}/{PER_SERIES}] {name}", submitter, f"{patch * 7919:040x}",
                   1 + below(10), int(below(10) < 8), 1 + below(USERS) if below(4) == 0 else None,
                   below(4), 1, 0, 0, 0)

    insert(database, "patches", "id project message series number msgid date name submitter hash "
           "state archived delegate check_state completed acked reviewed tested", patch_rows())
    insert(database, "series", "id project number name date submitter version total cover completed"
           " gone", series_rows)
    insert(database, "covers", "id project message series msgid date name submitter", covers)
    insert(database, "events", "category project date patch series cover", events)
    insert(database, "checks", "patch user_id date state context description",
           [(1 + i % 1000 if i % 5 else 1, 1 + i % USERS, BEGIN + i, i % 4, f"build-{i % 7}", "fine")
            for i in range(10_000)])
    insert(database, "patch_comments", "patch message msgid date subject submitter",
           [(1 + i % 1000 if i % 5 else 1, 2 * patches + i, f"c{i}@x", BEGIN + i, "Re: that", 1)
            for i in range(10_000)])
    insert(database, "bundles", "id project owner name is_public",
           [(i, 2, 1 + i % USERS, f"bundle{i}", 1) for i in range(1, 501)])
    insert(database, "bundle_patches", "bundle position patch",
           [(i, place, i + place) for i in range(1, 501) for place in range(10)])
    for _, sql in indexes:
        database.execute(sql)
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def since(patches, share):
    import datetime
    micros = BEGIN + int(patches * share) * STEP
    return datetime.datetime.fromtimestamp(micros / 1e6, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%S")


def questions(patches):
    """Paths below /api/: every list, every filter of it, every order, first and deep pages."""
    recent, old = since(patches, 0.99), since(patches, 0.3)
    names = ["q=fix", "q=e", "q=thing", "q=net", "q=thing777", "q=add+support+for+the", "q=net%3A+fix",
             "q=the,for,in,use,e,t,a,o,i,n", "q=nobodysaysthat", "q=%5B3/5%5D+thing12345", "q=1"]
    span = [f"since={recent}", f"before={old}", f"since={old}&before={recent}"]
    lists = {
        "patches": (names + span + [
            "project=list2", "project=list2&project=list7", "project=9", "submitter=9",
            "submitter=person15000@example.org", "&".join(f"submitter={i}" for i in range(1, 60)),
            "delegate=user7", "delegate=7&delegate=8", "state=new", "state=new&state=under-review",
            "state=3", "archived=true", "archived=false", "series=777", "series=777&series=12",
            f"hash={7919 * 4711:040x}", "msgid=2026.77.3@example.org", "id=7",
            "project=list2&state=new&archived=false", "project=list3&q=fix&archived=false",
            "delegate=user7&state=new&state=rfc", f"project=list2&since={recent}"],
            ["id", "-id", "name", "-name", "project", "-project", "date", "-date", "state", "-state",
             "archived", "-archived", "submitter", "-submitter", "delegate", "state,-date",
             "-project,state,date", "archived,submitter,name"]),
        "series": (names + span + ["project=list2", "submitter=9", "project=12&q=fix",
                                   "submitter=person15000@example.org"],
                   ["id", "-id", "name", "-name", "date", "-date", "submitter", "-submitter",
                    "project,-date"]),
        "covers": (names + span + ["project=list2", "submitter=9", "series=778",
                                   "msgid=2026.78.0@example.org"],
                   ["id", "-id", "name", "-name", "date", "-date", "submitter", "-submitter"]),
        "events": (span + ["project=list2", "category=series-created", "series=777", "patch=777",
                           "category=patch-created&category=patch-completed", "cover=778", "actor=1",
                           f"project=list2&category=series-created&since={recent}"],
                   ["date", "-date"]),
        "projects": (["q=list"], ["id", "name"]),
        "bundles": (["project=list2", "owner=7", "public=true", "q=bundle7"], ["name", "-owner"]),
        "patches/1/checks": (["user=7", "state=2", "context=build-1", f"since={old}"],
                             ["-date", "-id", "context", "user"]),
        "patches/1/comments": ([], ["-id", "date"]),
    }
    for name, (filters, orders) in lists.items():
        deep = {"patches": patches, "series": patches // 5, "covers": patches // 10,
                "events": patches * 23 // 10}.get(name, 0)
        yield f"{name}/"
        for query in filters:
            yield f"{name}/?{query}"
            yield f"{name}/?{query}&per_page=250"
        for order in orders:
            yield f"{name}/?order={order}&per_page=100"
            for share in (2, 3) if deep else ():
                yield f"{name}/?order={order}&per_page=100&page={deep // 100 // share}"
        for query in filters if deep else ():
            for order in orders:
                yield f"{name}/?{query}&order={order}"
