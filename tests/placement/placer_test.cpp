#include "placement/placer_fixture.hpp"

using namespace patchmill;
using placement::PlacementState;
using placement::Reason;
using test::chosen;
using test::day;
using test::has_reason;
using test::text;

namespace {

tracker::Series posted(int on_day) {
  tracker::Series series;
  series.date = day(on_day);
  series.list_ids = {"list.example.org"};
  return series;
}

// A history in which "f" changes on every even day, so that every base is recognisable.
struct Line {
  explicit Line(const std::filesystem::path& folder) : history(folder / "origin.git") {
    for (int i = 0; i < 12; ++i) {
      commits.push_back(i % 2 == 0 ? history.commit(i, {{"f", text(5, fmt::format("v{}", i))}})
                                   : history.commit(i, {{"g", text(5, fmt::format("v{}", i))}}));
    }
  }
  // A change of line 5 of f, made on that commit: fits nowhere else.
  placement::SeriesPatches patches_on(int commit) {
    const auto& base = commits[static_cast<std::size_t>(commit)];
    const std::string changed =
        history.commit(50, {{"f", text(5, "mine")}}, "do a thing", "work", "", base);
    auto result = test::series_of({test::patch_of(history, base, changed)}, {{"f"}});
    history.git({"update-ref", "-d", "refs/heads/work"});
    return result;
  }

  test::GitHistory history;
  std::vector<std::string> commits;
};

}  // namespace

TEST_CASE("placement::Placer::place: finds the base in the middle by its blobs") {
  test::on_each_engine([](test::TestStore& store) {
    Line line(store.folder());
    test::Placing p(store, {test::tree_of(line.history)});
    p.refresh();
    const auto placed = p.place(posted(100), line.patches_on(4));
    CHECK(placed.state == PlacementState::placed);
    CHECK(chosen(placed).commit == line.commits[5]);  // f is the same on days 4 and 5
    CHECK(has_reason(chosen(placed), Reason::blobs));
    CHECK(chosen(placed).outcome->ok());
    CHECK(placed.explanation.find("1 of 1 file is exactly the one") != std::string::npos);

    SUBCASE("not newer than the posting") {
      CHECK(chosen(p.place(posted(4), line.patches_on(4))).commit == line.commits[4]);
    }
    SUBCASE("with nothing but the tip that fits") {
      CHECK(chosen(p.place(posted(100), line.patches_on(11))).commit == line.commits[11]);
    }
    SUBCASE("in a second process") {
      test::Placing other(store, {test::tree_of(line.history)});
      CHECK(chosen(other.place(posted(100), line.patches_on(4))).commit == line.commits[5]);
    }
    SUBCASE("and keeps what was applied") {
      REQUIRE(p.placer.keep("main", 7, chosen(placed).outcome->tip()).has_value());
      auto repository = p.placer.repository("main");
      REQUIRE(repository.has_value());
      CHECK((*repository)->resolve("refs/patchmill/series/7") == chosen(placed).outcome->tip());
      // The mirror stays clean.
      const auto mirror = git::Repository::open(store.folder() / "data/trees/main");
      REQUIRE(mirror.has_value());
      CHECK_FALSE((*mirror)->exists(chosen(placed).outcome->tip()).value_or(true));
    }
  });
}

TEST_CASE("placement::Placer::place: commits after the day asked for do not exist") {
  test::TestStore store(store::Engine::sqlite);
  Line line(store.folder());
  test::Placing p(store, {test::tree_of(line.history)});
  p.refresh();
  placement::PlaceOptions options;
  options.as_of = day(3);
  const auto placed = p.place(posted(3), line.patches_on(4), options);
  CHECK(placed.state == PlacementState::conflict);
  for (const auto& candidate : placed.candidates) {
    const auto at = std::find(line.commits.begin(), line.commits.end(), candidate.commit);
    CHECK(at - line.commits.begin() <= 3);
  }
  options.as_of = day(-1);
  const auto none = p.place(posted(3), line.patches_on(4), options);
  CHECK(none.state == PlacementState::no_candidate);
  CHECK(none.explanation ==
        "there is no commit to try it on: no commit of tree main is as old as "
        "2025-12-31T00:00:00 UTC");
  auto of_others = test::tree_of(line.history, "others");
  of_others.lists = {"others.example.org"};
  test::Placing q(store, {of_others});
  q.refresh();
  CHECK(q.place(posted(3), line.patches_on(4), options).explanation.find("takes this series") !=
        std::string::npos);
}

TEST_CASE("placement::Placer::place: a named base wins, an unreachable one is explained") {
  test::TestStore store(store::Engine::sqlite);
  Line line(store.folder());
  const std::string side =
      line.history.commit(30, {{"f", text(5, "v4")}}, "aside", "side", "", line.commits[4]);
  test::Placing p(store, {test::tree_of(line.history)});
  p.refresh();
  auto series = posted(100);
  SUBCASE("named") {
    series.base_commit = line.commits[4];
    const auto placed = p.place(series, line.patches_on(4));
    CHECK(chosen(placed).commit == line.commits[4]);
    CHECK(has_reason(chosen(placed), Reason::base_commit));
  }
  SUBCASE("named, but the series does not apply there") {
    series.base_commit = line.commits[8];
    const auto placed = p.place(series, line.patches_on(4));
    CHECK(placed.state == PlacementState::placed);
    REQUIRE(placed.candidates.front().commit == line.commits[8]);
    CHECK(placed.candidates.front().tried);
    CHECK(placed.candidates.front().outcome->conflict->file == "f");
    CHECK(placed.candidates.front().outcome->conflict->hunk == 1);
  }
  SUBCASE("on a branch that is not configured") {
    series.base_commit = side;
  }
  SUBCASE("unknown") {
    series.base_commit = std::string(40, 'a');
  }
  if (series.base_commit == side || series.base_commit == std::string(40, 'a')) {
    const auto placed = p.place(series, line.patches_on(4));
    CHECK(placed.state == PlacementState::placed);
    const auto& last = placed.candidates.back();
    CHECK(last.commit == series.base_commit);
    CHECK_FALSE(last.tried);
    CHECK(last.explanation.find("no configured") != std::string::npos);
  }
}

TEST_CASE("placement::Placer::place: a conflict names the nearest candidate, patch and hunk") {
  test::TestStore store(store::Engine::sqlite);
  Line line(store.folder());
  test::Placing p(store, {test::tree_of(line.history)});
  p.refresh();
  git::PatchInput stranger;
  stranger.label = "[PATCH 2/2] stranger";
  stranger.author = {"A U Thor", "author@example.org", 1, 0};
  stranger.message = "stranger\n";
  stranger.diff = "--- a/g\n+++ b/g\n@@ -1,3 +1,3 @@\n never\n-there\n+was\n such\n";
  auto patches = line.patches_on(4);
  patches.inputs.push_back(stranger);
  patches.paths.push_back({"g"});
  const auto placed = p.place(posted(100), patches);
  CHECK(placed.state == PlacementState::conflict);
  CHECK(chosen(placed).outcome->applied.size() == 1);
  CHECK(chosen(placed).outcome->conflict->patch == 1);
  CHECK(placed.explanation.find("patch 2 fails in g, hunk 1: expects lines that ") !=
        std::string::npos);
  for (const auto& candidate : placed.candidates) {
    CHECK_FALSE(candidate.explanation.empty());
    CHECK((!candidate.tried || candidate.outcome->conflict.has_value()));
  }
}

TEST_CASE("placement::Placer::place: what is in the tree already") {
  test::TestStore store(store::Engine::sqlite);
  Line line(store.folder());
  auto& history = line.history;
  // Made on a state of f that no commit has, so that no base fits.
  const std::string base =
      history.commit(49, {{"h", text(5, "odd")}}, "odd", "work", "", line.commits[11]);
  const std::string mine = history.commit(50, {{"h", text(5, "mine")}}, "do a thing", "work");
  auto patches = test::series_of({test::patch_of(history, base, mine)}, {{"h"}});
  SUBCASE("by patch-id, also when the file grew elsewhere") {
    const std::string grown = "more\nmore\nmore\nmore\n";
    history.commit(60, {{"h", grown + text(5, "odd")}});
    const std::string taken =
        history.commit(61, {{"h", grown + text(5, "mine")}}, "another subject");
    history.commit(62, {{"h", "gone\n"}});
    test::Placing p(store, {test::tree_of(history)});
    p.refresh();
    // The blobs of its index line are nowhere, and without a three-way merge only a commit before
    // the change would take it.
    auto& diff = patches.inputs[0].diff;
    diff.erase(diff.find("index "), diff.find('\n', diff.find("index ")) + 1 - diff.find("index "));
    const auto placed = p.place(posted(63), patches);
    CHECK(placed.state == PlacementState::already_applied);
    CHECK(placed.upstream == std::vector<std::string>{taken});
    CHECK(placed.explanation.find("(1 of 1 patch recognised by patch-id)") != std::string::npos);
    // The same commits are told apart from the placement; later ones no longer.
    using Commits = std::vector<std::optional<git::ObjectId>>;
    patches.inputs.push_back(patches.inputs[0]);
    patches.inputs[1].diff = "--- a/h\n+++ b/h\n@@ -1,1 +1,1 @@\n-never\n+there\n";
    patches.inputs[1].message = "never there\n";
    patches.paths.push_back({"h"});
    CHECK(p.placer.commits_of("main", posted(63), patches) == Commits{taken, std::nullopt});
    CHECK(p.placer.commits_of("main", posted(200), patches) == Commits{std::nullopt, std::nullopt});
    CHECK_FALSE(p.placer.commits_of("nosuch", posted(63), patches).has_value());
  }
  SUBCASE("by subject, author and files, inside a merge") {
    history.commit(60, {{"h", "a\n"}}, "add h");
    const std::string taken =
        history.commit(61, {{"h", "quite different\n"}}, "Do a  thing", "topic", "", history.tip());
    history.commit(62, {{"h", "quite different\n"}}, "merge topic", "main", taken);
    test::Placing p(store, {test::tree_of(history)});
    p.refresh();
    const auto placed = p.place(posted(63), patches);
    CHECK(placed.state == PlacementState::already_applied);
    CHECK(placed.upstream == std::vector<std::string>{taken});
    CHECK(placed.explanation.find("(recognised by subject, author and files)") !=
          std::string::npos);
    // Somebody else's commit of that name is another matter.
    patches.inputs[0].author = {"Other", "other@example.org", 1, 0};
    CHECK(p.place(posted(63), patches).state == PlacementState::conflict);
  }
}

TEST_CASE("placement::load_patches: the day a mail came is no date of a commit") {
  test::TestStore store(store::Engine::sqlite);
  Line line(store.folder());
  test::Placing p(store, {test::tree_of(line.history)});
  p.refresh();
  std::vector<tracker::Incoming> batch(1);
  batch[0].raw =
      "From: A U Thor <author@example.org>\nSubject: [PATCH] x\nMessage-ID: <undated@x>\n"
      "Date: Fri, 31 Dec 9999 23:59:59 +0000\n\nBecause.\n---\n" +
      line.patches_on(4).inputs[0].diff;
  batch[0].parsed = mail::parse_message(batch[0].raw);
  batch[0].source = "test";
  REQUIRE(batch[0].parsed.has_value());
  tracker::Tracker(store.database(), store.blobs(), store.clock()).ingest(batch);
  const auto series = p.queries.series(p.queries.series_of("undated@x").value_or(0));
  REQUIRE(series.has_value());
  const auto patches = placement::load_patches(p.queries, *series);
  REQUIRE(patches.has_value());
  CHECK(patches->inputs[0].undated);
  CHECK(patches->inputs[0].author.seconds == 0);
  const auto placed = p.place(*series, *patches);
  CHECK(placed.state == PlacementState::placed);
  CHECK(placed.explanation.ends_with(
      "; patch 1 has no date that can be read, so the commit has that of the one before it"));
  auto repository = p.placer.repository("main");
  REQUIRE(repository.has_value());
  const auto base = (*repository)->commit(chosen(placed).commit);
  const auto made = (*repository)->commit(chosen(placed).outcome->tip());
  REQUIRE(base.has_value());
  REQUIRE(made.has_value());
  CHECK(made->author.seconds == base->committer.seconds);
  auto several = *patches;
  several.inputs.insert(several.inputs.end(), 2, several.inputs[0]);
  several.inputs[1].undated = false;
  CHECK(placement::note_of_dates(several) ==
        "patches 1, 3 have no date that can be read, so the commit has that of the one before it");
}

TEST_CASE("placement::load_patches: the zone of the mail's date, or of that in its text") {
  test::TestStore store(store::Engine::sqlite);
  Line line(store.folder());
  test::Placing p(store, {test::tree_of(line.history)});
  p.refresh();
  const std::string diff = line.patches_on(4).inputs[0].diff;
  for (const bool in_body : {false, true}) {
    const std::string id = in_body ? "inner@x" : "outer@x";
    std::vector<tracker::Incoming> batch(1);
    batch[0].raw = "From: A U Thor <author@example.org>\nSubject: [PATCH] x\nMessage-ID: <" + id +
                   ">\nDate: Tue, 14 Nov 2023 22:13:20 +0100\n\n" +
                   (in_body ? "Date: Mon, 13 Nov 2023 22:13:20 EST\n\n" : "") + "Because.\n---\n" +
                   diff;
    batch[0].parsed = mail::parse_message(batch[0].raw);
    batch[0].source = "test";
    REQUIRE(batch[0].parsed.has_value());
    tracker::Tracker(store.database(), store.blobs(), store.clock()).ingest(batch);
    const auto placed = p.place(p.queries.series_of(id).value_or(0));
    auto repository = p.placer.repository("main");
    REQUIRE(repository.has_value());
    const auto made = (*repository)->read(chosen(placed).outcome->tip());
    REQUIRE(made.has_value());
    CHECK(made->data.find(in_body ? "\nauthor A U Thor <author@example.org> 1699931600 -0500\n"
                                  : "\nauthor A U Thor <author@example.org> 1699996400 +0100\n") !=
          std::string::npos);
  }
}

TEST_CASE("placement::Placer::place: follows renames within the series") {
  test::TestStore store(store::Engine::sqlite);
  Line line(store.folder());
  auto& history = line.history;
  const std::string moved = history.commit(50, {{"f", std::nullopt}, {"dir/f", text(5, "v4")}},
                                           "move", "work", "", line.commits[4]);
  const std::string changed = history.commit(51, {{"dir/f", text(5, "mine")}}, "change", "work");
  test::Placing p(store, {test::tree_of(history)});
  p.refresh();
  const auto placed =
      p.place(posted(100), test::series_of({test::patch_of(history, line.commits[4], moved),
                                            test::patch_of(history, moved, changed)},
                                           {{"f", "dir/f"}, {"dir/f"}}));
  CHECK(placed.state == PlacementState::placed);
  CHECK(chosen(placed).outcome->applied.back().tree == [&] {
    // What the last commit of the range has, with the moved and changed file.
    const std::string range = line.commits[5];
    return history.git({"merge-tree", "--write-tree", range, changed});
  }());
}

TEST_CASE("placement::Placer::place: two trees, told apart by tag, list, MAINTAINERS and files") {
  test::TestStore store(store::Engine::sqlite);
  Line net(store.folder() / "net");
  test::GitHistory next(store.folder() / "next.git");
  next.git({"fetch", "-q", net.history.dir().string(), "main:main"});
  next.commit(20,
              {{"f", text(5, "next")},
               {"MAINTAINERS", fmt::format("FILES\nT:\tgit {}\nF:\tg\n", next.dir().string())}});
  auto net_spec = test::tree_of(net.history, "net");
  auto next_spec = test::tree_of(next, "net-next");
  net_spec.lists = next_spec.lists = {"list.example.org"};
  net_spec.subject_tags = {"net"};
  next_spec.subject_tags = {"net-next"};
  test::Placing p(store, {net_spec, next_spec});
  p.refresh();
  auto series = posted(100);
  const auto both = net.patches_on(4);
  SUBCASE("the tag is a whole word") {
    series.prefixes = {"net-next"};
    CHECK(chosen(p.place(series, both)).tree == "net-next");
    series.prefixes = {"net"};
    CHECK(chosen(p.place(series, both)).tree == "net");
  }
  SUBCASE("without a tag the files decide") {
    const std::string base = next.tip();
    const std::string changed = next.commit(50, {{"f", text(5, "mine")}}, "x", "work", "", base);
    const auto patches = test::series_of({test::patch_of(next, base, changed)}, {{"f"}});
    CHECK(chosen(p.place(series, patches)).tree == "net-next");
    // Also against the tag, when nothing of the tagged tree fits.
    series.prefixes = {"net"};
    const auto placed = p.place(series, patches);
    CHECK(placed.state == PlacementState::placed);
    CHECK(chosen(placed).tree == "net-next");
  }
  SUBCASE("MAINTAINERS before the order of configuration") {
    const auto& base = net.commits[11];
    const std::string changed =
        net.history.commit(50, {{"g", text(5, "mine")}}, "x", "work", "", base);
    const auto placed =
        p.place(series, test::series_of({test::patch_of(net.history, base, changed)}, {{"g"}}));
    CHECK(chosen(placed).tree == "net-next");
    CHECK(has_reason(chosen(placed), Reason::maintainers));
  }
  SUBCASE("another list belongs to no tree, unless its files prove it") {
    series.list_ids = {"other.example.org"};
    CHECK(chosen(p.place(series, both)).tree == "net");
    auto unproven = both;
    auto& diff = unproven.inputs[0].diff;
    diff.erase(diff.find("index "), diff.find('\n', diff.find("index ")) + 1 - diff.find("index "));
    CHECK(p.place(series, unproven).state == PlacementState::no_candidate);
  }
  SUBCASE("one tree alone, one commit alone") {
    placement::PlaceOptions options;
    options.only_tree = "net-next";
    CHECK(chosen(p.place(series, both, options)).tree == "net-next");
    options.only_commit = net.commits[4];
    CHECK(chosen(p.place(series, both, options)).commit == net.commits[4]);
    options.only_commit = "no-such-thing";
    CHECK(p.place(series, both, options).state == PlacementState::no_candidate);
    options.only_tree = "net-nxt";
    const auto wrong = p.placer.place(series, both, p.queries, options);
    REQUIRE_FALSE(wrong.has_value());
    CHECK(wrong.error().message.find("did you mean \"net-next\"") != std::string::npos);
    options.only_tree = "something-else";
    const auto far = p.placer.place(series, both, p.queries, options);
    REQUIRE_FALSE(far.has_value());
    CHECK(far.error().message.find("\"something-else\" in the configuration (there are: ") !=
          std::string::npos);
  }
}

TEST_CASE("placement::Placer::refresh: one failing tree does not stop others, nor lose anything") {
  test::TestStore store(store::Engine::sqlite);
  Line line(store.folder());
  auto broken = test::tree_of(line.history, "broken");
  broken.url = (store.folder() / "nowhere.git").string();
  test::Placing p(store, {broken, test::tree_of(line.history)});
  auto results = p.placer.refresh();
  REQUIRE(results.size() == 2);
  REQUIRE_FALSE(results[0].second.has_value());
  CHECK(results[0].second.error().message.starts_with("tree broken: "));
  CHECK(results[1].second.has_value());
  CHECK(p.place(posted(100), line.patches_on(4)).state == PlacementState::placed);

  SUBCASE("a force-push is followed") {
    line.history.git({"update-ref", "refs/heads/main", line.commits[3]});
    line.history.commit(13, {{"f", text(5, "other")}});
    CHECK(p.placer.refresh()[1].second.has_value());
    CHECK(p.place(posted(100), line.patches_on(4)).state == PlacementState::conflict);
    CHECK(p.place(posted(100), line.patches_on(2)).state == PlacementState::placed);
  }
  SUBCASE("a branch that vanished leaves what was there in use") {
    line.history.git({"update-ref", "-d", "refs/heads/main"});
    CHECK_FALSE(p.placer.refresh()[1].second.has_value());
    CHECK(p.place(posted(100), line.patches_on(4)).state == PlacementState::placed);
  }
}

TEST_CASE("placement::Placer::place: a tree that cannot be fetched is our trouble, and says why") {
  test::TestStore store(store::Engine::sqlite);
  Line line(store.folder());
  auto gone = test::tree_of(line.history, "rel");
  gone.branch = "nosuch";
  test::Placing p(store, {gone});
  const auto results = p.placer.refresh();
  REQUIRE_FALSE(results[0].second.has_value());
  const std::string why = line.history.dir().string() + " has no branch \"nosuch\"";
  CHECK(results[0].second.error().message == "tree rel: " + why);
  const auto placed = p.placer.place(posted(1), line.patches_on(4), p.queries);
  REQUIRE_FALSE(placed.has_value());
  CHECK(placed.error().kind == ErrorKind::infrastructure);
  CHECK(placed.error().message == "no tree can be used yet: tree rel was not fetched yet: " + why);
}

TEST_CASE("placement::Placer::place: a tree by path that is gone, or that lost its objects") {
  test::TestStore store(store::Engine::sqlite);
  Line line(store.folder());
  const auto patches = line.patches_on(11);
  test::Placing p(store, {test::tree_of(line.history)});
  p.refresh();
  const std::filesystem::path& path = line.history.dir();
  SUBCASE("gone") {
    std::filesystem::rename(path, store.folder() / "elsewhere.git");
    const auto refreshed = p.placer.refresh("main");
    REQUIRE_FALSE(refreshed.has_value());
    CHECK(refreshed.error().message.find("which is not there: put it back") != std::string::npos);
    for (const std::string& commit : {std::string(), line.commits[11]}) {
      placement::PlaceOptions options;
      options.only_commit = commit;
      const auto placed = p.placer.place(posted(100), patches, p.queries, options);
      REQUIRE_FALSE(placed.has_value());
      CHECK(placed.error().kind == ErrorKind::infrastructure);
      CHECK(placed.error().message.starts_with(
          "tree main: its newest commit " + line.commits[11].substr(0, 12) +
          " is lost: it borrows its objects from " + path.string() +
          ", which is not there: put it back"));
    }
    std::filesystem::rename(store.folder() / "elsewhere.git", path);
  }
  SUBCASE("rewritten, and what it was is removed") {
    line.history.git({"update-ref", "refs/heads/main", line.commits[10]});
    line.history.git({"gc", "--quiet", "--prune=now"});
    const auto placed = p.placer.place(posted(100), patches, p.queries);
    REQUIRE_FALSE(placed.has_value());
    CHECK(placed.error().kind == ErrorKind::infrastructure);
    CHECK(placed.error().message.find(path.string() + ", where `git gc` removes them") !=
          std::string::npos);
    CHECK(placed.error().message.find("fetch the tree again") != std::string::npos);
  }
  p.refresh();
  CHECK(p.place(posted(100), line.patches_on(10)).state == PlacementState::placed);
}

TEST_CASE("placement::Placer::place: the newest commit known to build before the tip") {
  test::on_each_engine([](test::TestStore& store) {
    Line line(store.folder());
    test::Placing p(store, {test::tree_of(line.history)});
    p.refresh();
    p.placer.record_good("main", line.commits[7]);
    p.placer.record_good("main", line.commits[6]);
    p.placer.record_good("main", std::string(40, 'b'));
    git::PatchInput add;
    add.label = "[PATCH] add";
    add.author = {"A U Thor", "author@example.org", 1, 0};
    add.message = "add\n";
    add.diff = "--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+new\n";
    const auto placed = p.place(posted(100), test::series_of({add}, {{"new"}}));
    CHECK(placed.state == PlacementState::placed);
    CHECK(chosen(placed).commit == line.commits[7]);
    CHECK(has_reason(chosen(placed), Reason::last_good));
  });
}

TEST_CASE("placement::Placer::place: nothing to apply, nowhere to apply it") {
  test::TestStore store(store::Engine::sqlite);
  Line line(store.folder());
  test::Placing p(store, {test::tree_of(line.history)});
  const auto early = p.placer.place(posted(1), line.patches_on(4), p.queries);
  REQUIRE_FALSE(early.has_value());
  CHECK(early.error().kind == ErrorKind::infrastructure);
  CHECK(early.error().message == "no tree can be used yet: tree main was not fetched yet");
  git::PatchInput empty;
  CHECK(p.place(posted(1), test::series_of({empty}, {{}})).state == PlacementState::not_code);
}
