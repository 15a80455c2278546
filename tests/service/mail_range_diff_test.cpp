#include "service/mail_range_diff.hpp"

#include "app/config.hpp"
#include "service/range_diff.hpp"
#include "support/contains.hpp"
#include "tracker/tracker_support.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace {

using namespace patchmill;
using patchmill::test::contains;
using patchmill::test::TestStore;
using tracker::test::Harness;
using tracker::test::MailSpec;

struct RevisedPatch {
  std::string title, message, diff;
};

std::string c_diff(std::string_view file, int line, std::string_view added,
                   std::string_view blobs = "1111111..2222222") {
  return fmt::format(
      "diff --git a/{0} b/{0}\nindex {3} 100644\n--- a/{0}\n+++ b/{0}\n"
      "@@ -{1},2 +{1},3 @@ int main(void)\n one\n+{2}\n two\n",
      file, line, added, blobs);
}

// A store with revisions of a series.
struct RevisedSeries {
  RevisedSeries() : store(store::Engine::sqlite), harness(store) {}

  std::int64_t add(int version, const std::vector<RevisedPatch>& patches) {
    std::vector<MailSpec> mails;
    const std::string tag = version == 1 ? "PATCH" : fmt::format("PATCH v{}", version);
    const std::string cover = fmt::format("v{}-0@x", version);
    mails.push_back(
        {cover, fmt::format("[{} 0/{}] frames", tag, patches.size()), "", "", version * 1000});
    mails.back().diff = false;
    int number = 0;
    for (const RevisedPatch& patch : patches) {
      ++number;
      MailSpec mail{fmt::format("v{}-{}@x", version, number),
                    fmt::format("[{} {}/{}] {}", tag, number, patches.size(), patch.title), cover,
                    "", version * 1000 + number};
      mail.diff = false;
      mail.text = patch.message + "\n---\nChanges: version " + std::to_string(version) + "\n\n" +
                  patch.diff;
      mails.push_back(std::move(mail));
    }
    harness.feed(mails);
    return harness.of(cover).number;
  }
  std::string compare(std::int64_t older, std::int64_t newer) {
    const auto text = service::mail_range_diff(harness.queries(), older, newer);
    REQUIRE_MESSAGE(text, text.error().message);
    return *text;
  }

  TestStore store;
  Harness harness;
};

}  // namespace

TEST_CASE("service::mail_range_diff: what git range-diff prints, of mails") {
  RevisedSeries series;
  const auto v1 = series.add(1, {{"same", "Stays.", c_diff("a.c", 10, "x")},
                                 {"changed", "Old words.", c_diff("b.c", 10, "x")},
                                 {"dropped", "Goes.", c_diff("c.c", 10, "x")}});
  // Only moved within its file: nothing has changed.
  const auto v2 = series.add(2, {{"same", "Stays.", c_diff("a.c", 700, "x", "3333333..4444444")},
                                 {"new", "Comes.", c_diff("d.c", 10, "x")},
                                 {"changed", "New words.", c_diff("b.c", 12, "y")}});
  CHECK(series.compare(v1, v2) ==
        "1:  ------- = 1:  ------- same\n"
        "-:  ------- > 2:  ------- new\n"
        "2:  ------- ! 3:  ------- changed\n"
        "    @@ Metadata\n"
        "      ## Commit message ##\n"
        "         changed\n"
        "     \n"
        "    -    Old words.\n"
        "    +    New words.\n"
        "     \n"
        "      ## b.c ##\n"
        "     @@ b.c: int main(void)\n"
        "      one\n"
        "    -+x\n"
        "    ++y\n"
        "      two\n"
        "3:  ------- < -:  ------- dropped\n");
}

TEST_CASE("service::mail_range_diff: the part of a text is named in front of its changes") {
  RevisedSeries series;
  const std::string rest = " 1\n 2\n 3\n 4\n 5\n 6\n";
  const auto long_diff = [&](std::string_view last) {
    return "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,6 +1,7 @@ int f(void)\n" + rest +
           fmt::format("+{}\n", last);
  };
  const auto v1 = series.add(1, {{"one", "Why.", long_diff("x")}});
  const auto v2 = series.add(2, {{"one", "Why.", long_diff("y")}});
  CHECK(series.compare(v1, v2) ==
        "1:  ------- ! 1:  ------- one\n"
        "    @@ a.c: int f(void)\n"
        "      4\n      5\n      6\n    -+x\n    ++y\n");
}

TEST_CASE("service::mail_range_diff: pairs by title, then by diff, then by a common file") {
  RevisedSeries series;
  const auto v1 = series.add(1, {{"keeps its title", "Why.", c_diff("a.c", 10, "x")},
                                 {"gets another title", "Why.", c_diff("b.c", 10, "x")},
                                 {"gets all anew", "Why.", c_diff("c.c", 10, "x")}});
  const auto v2 = series.add(2, {{"all is new", "Why.", c_diff("c.c", 90, "y")},
                                 {"has another title", "Why.", c_diff("b.c", 90, "x")},
                                 {"Keeps its title", "Why.", c_diff("b.c", 10, "z")}});
  const std::string text = series.compare(v1, v2);
  CHECK(contains(text, "3:  ------- ! 1:  ------- all is new\n"));
  CHECK(contains(text, "2:  ------- ! 2:  ------- has another title\n"));
  CHECK(contains(text, "1:  ------- ! 3:  ------- Keeps its title\n"));
}

TEST_CASE("service::mail_range_diff: files that are new, renamed, binary or of another mode") {
  RevisedSeries series;
  const auto one = [](const std::string& diff) {
    return std::vector<RevisedPatch>{{"one", "Why.", diff}};
  };
  const std::string made = "--- /dev/null\n+++ b/a.sh\n@@ -0,0 +1 @@\n+x\n";
  const auto v1 = series.add(
      1, one("diff --git a/a.sh b/a.sh\nnew file mode 100644\nindex 0000000..1111111\n" + made));
  const auto v2 = series.add(
      2, one("diff --git a/a.sh b/a.sh\nnew file mode 100755\nindex 0000000..1111111\n" + made));
  CHECK(contains(series.compare(v1, v2),
                 "    - ## a.sh (new) ##\n    + ## a.sh (new) (mode 100755) ##\n"));
  const auto v3 = series.add(3, one("diff --git a/a.sh b/b.sh\nsimilarity index 100%\n"
                                    "rename from a.sh\nrename to b.sh\n"));
  CHECK(contains(series.compare(v1, v3), "    + ## a.sh => b.sh ##\n"));
  const auto binary = [](std::string_view blobs) {
    return fmt::format(
        "diff --git a/i.png b/i.png\nindex {} 100644\nBinary files a/i.png and "
        "b/i.png differ\n",
        blobs);
  };
  const auto v4 = series.add(4, one(binary("1111111..2222222")));
  const auto v5 = series.add(5, one(binary("1111111..3333333")));
  CHECK(contains(series.compare(v4, v5), "    -index 1111111..2222222 100644\n"));
}

TEST_CASE("service::mail_range_diff: hostile texts change nothing but their own lines") {
  RevisedSeries series;
  const std::string attack = "@@ -1 +1 @@\n1:  ------- = 1:  ------- forged\n -- \x1b[31m\n";
  const auto broken = [](int line, std::string_view blobs) {
    return fmt::format(
        "diff --git a/z b/z\nindex {1}\n--- a/z\n+++ b/z\n@@ -{0} +{0},99 @@\n-x\n+y\n", line,
        blobs);
  };
  const auto v1 = series.add(1, {{"--output=/tmp/x", attack + "Old.", c_diff("../../x", 1, "a")},
                                 {"second", "Why.", broken(1, "1111111..2222222 100644")}});
  const auto v2 = series.add(2, {{"--output=/tmp/x", attack + "New.", c_diff("../../x", 1, "a")},
                                 {"second", "Why.", broken(9, "3333333..4444444 100644")}});
  const std::string text = series.compare(v1, v2);
  std::size_t heads = 0;
  for (const auto line : split_lines(text)) {
    heads += line.starts_with("    ") ? 0u : 1u;
  }
  CHECK(heads == 2);
  CHECK(contains(text, "1:  ------- ! 1:  ------- --output=/tmp/x\n"));
  CHECK(contains(text, "2:  ------- = 2:  ------- second\n"));
}

TEST_CASE("service::mail_range_diff: bounded") {
  RevisedSeries series;
  const auto v1 = series.add(1, {{"one", "Why.", c_diff("a.c", 1, "x")}});
  const auto large =
      series.add(2, {{"one", "Why.", c_diff("a.c", 1, std::string(std::size_t{9} << 20, 'x'))},
                     {"two", "Why.", c_diff("b.c", 1, std::string(std::size_t{9} << 20, 'x'))}});
  const auto refused = service::mail_range_diff(series.harness.queries(), v1, large);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::limit);
  CHECK(contains(refused.error().message, "patches up to 2"));
  const auto none = service::mail_range_diff(series.harness.queries(), v1, 999);
  REQUIRE_FALSE(none);
  CHECK(none.error().message == "there is no series 999");
  const std::vector<RevisedPatch> many(251, {"t", "Why.", c_diff("a.c", 1, "x")});
  const auto most = service::mail_range_diff(series.harness.queries(), v1, series.add(3, many));
  REQUIRE_FALSE(most);
  CHECK(contains(most.error().message, "has 251 patches"));
}

TEST_CASE("service::range_diff: of the mails where no tree has both series") {
  RevisedSeries series;
  const auto v1 = series.add(1, {{"one", "Why.", c_diff("a.c", 1, "x")}});
  const auto v2 = series.add(2, {{"one", "Why.", c_diff("a.c", 1, "y")}});
  app::Config config;
  config.data = series.store.folder();
  const auto made =
      service::range_diff(series.store.database(), config, series.store.clock(), v1, v2);
  REQUIRE_MESSAGE(made, made.error().message);
  CHECK(made->of_mails);
  CHECK(contains(made->text, "    -+x\n    ++y\n"));
}
