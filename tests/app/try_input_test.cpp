#include "app/try_input.hpp"

#include "app/try_fixture.hpp"
#include "mail/message.hpp"
#include "tracker/assembly.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

using namespace patchmill;
using app::test::Checkout;
using app::test::Environment;

namespace {

app::TryInput commits(Checkout& checkout, const std::string& range = "main..") {
  auto repository = git::Repository::open(checkout.top());
  REQUIRE(repository.has_value());
  auto input = app::try_commits(**repository, range);
  REQUIRE_MESSAGE(input.has_value(), input.error().message);
  return *std::move(input);
}

std::vector<mail::Message> parsed(const app::TryInput& input) {
  std::vector<mail::Message> result;
  for (const auto& raw : input.mails) {
    auto message = mail::parse_message(raw);
    REQUIRE_MESSAGE(message.has_value(), message.error().message);
    result.push_back(*std::move(message));
  }
  return result;
}

// How many series these mails make, and how many patches each has.
std::vector<std::size_t> series_of(const app::TryInput& input) {
  std::vector<tracker::MailFact> facts;
  for (const auto& message : parsed(input)) {
    tracker::MailFact fact;
    fact.id = static_cast<std::int64_t>(facts.size()) + 1;
    fact.msgid = message.message_id;
    fact.parents = tracker::parents_of(message);
    // Mails that answer nothing begin a thread.
    fact.thread = fact.id;
    for (const auto& other : facts) {
      fact.thread =
          !fact.parents.empty() && fact.parents[0] == other.msgid ? other.thread : fact.thread;
    }
    fact.from = message.from;
    fact.date = message.date;
    fact.subject = mail::parse_subject(message.subject);
    facts.push_back(std::move(fact));
  }
  std::vector<std::size_t> sizes;
  for (const auto& series : tracker::assemble(std::move(facts)).series) {
    sizes.push_back(series.patches.size());
  }
  return sizes;
}

using Sizes = std::vector<std::size_t>;

std::string format_patch(Checkout& checkout, std::vector<std::string> options) {
  options.insert(options.begin(), {"format-patch", "--stdout"});
  options.emplace_back("main..");
  return checkout.git(options) + "\n";
}

}  // namespace

TEST_CASE("app::try_commits: commits of several authors are mails of one sender, the user") {
  Checkout checkout;
  checkout.commit("one", "1");
  checkout.commit("five", "5", "Other Dev <o@dev.org>");
  const auto mails = parsed(commits(checkout));
  REQUIRE(mails.size() == 2);
  CHECK(mails[0].from.email == "ada@example.org");
  CHECK_FALSE(mails[0].in_body_from.has_value());
  CHECK(mails[1].from.email == "ada@example.org");
  REQUIRE(mails[1].in_body_from.has_value());
  CHECK(mails[1].in_body_from->email == "o@dev.org");
  CHECK(series_of(commits(checkout)) == Sizes{2});
}

TEST_CASE("app::try_commits: who wrote and committed nothing of it does not send it") {
  Checkout checkout;
  {
    const Environment other(Environment::Wanted{{"GIT_COMMITTER_NAME", "Mo Maintainer"},
                                                {"GIT_COMMITTER_EMAIL", "mo@example.org"}});
    checkout.commit("one", "1", "Bob <bob@example.org>");
    checkout.commit("five", "5", "Other Dev <o@dev.org>");
  }
  const auto mails = parsed(commits(checkout));
  CHECK(mails[0].from.email == "mo@example.org");
  CHECK(mails[1].from.email == "mo@example.org");
}

TEST_CASE("app::try_commits: an id stands for all that is tried") {
  Checkout checkout;
  checkout.commit("one", "1");
  checkout.commit("five", "5");
  const auto before = parsed(commits(checkout));
  const auto again = parsed(commits(checkout));
  checkout.commit("nine", "9", app::test::k_ada, {"--amend"});
  const auto after = parsed(commits(checkout));
  std::set<std::string> ids;
  for (const auto& mails : {before, after}) {
    for (const auto& mail : mails) {
      ids.insert(mail.message_id);
    }
  }
  CHECK(ids.size() == 4);  // the first patch is the same text, but belongs to another posting
  CHECK(again[1].message_id == before[1].message_id);
}

TEST_CASE("app::try_commits: the repository's settings do not change what a patch looks like") {
  Checkout checkout;
  checkout.write("b.txt", "b\n");
  checkout.git({"add", "b.txt"});
  checkout.commit("one", "1");
  checkout.commit("nine", "9", app::test::k_ada, {"--amend"});  // two hunks
  const auto plain = commits(checkout);
  checkout.write("../order", "b.txt\na.txt\n");
  const std::string order = (checkout.top().parent_path() / "order").string();
  for (const auto& [key, value] :
       std::map<std::string, std::string>{{"diff.context", "0"},
                                          {"diff.noprefix", "true"},
                                          {"diff.mnemonicPrefix", "true"},
                                          {"diff.orderFile", order},
                                          {"diff.interHunkContext", "9"},
                                          {"diff.suppressBlankEmpty", "true"},
                                          {"diff.ignoreSubmodules", "all"},
                                          {"diff.external", "false"},
                                          {"color.diff", "always"},
                                          {"format.useAutoBase", "true"},
                                          {"format.from", "Nobody <nobody@example.org>"},
                                          {"format.attach", "true"},
                                          {"format.thread", "deep"},
                                          {"format.coverLetter", "true"},
                                          {"format.filenameMaxLength", "3"},
                                          {"i18n.logOutputEncoding", "ISO-8859-1"}}) {
    CAPTURE(key);
    checkout.git({"config", key, value});
    auto repository = git::Repository::open(checkout.top());
    auto configured = app::try_commits(**repository, "main..");
    REQUIRE_MESSAGE(configured.has_value(), configured.error().message);
    CHECK(configured->mails == plain.mails);
    checkout.git({"config", "--unset", key});
  }
  std::filesystem::remove(order);
}

TEST_CASE("app::try_commits: an empty commit is named") {
  Checkout checkout;
  checkout.commit("one", "1");
  checkout.git({"commit", "-q", "--allow-empty", "-m", "a: wake the builder"});
  const std::string id = checkout.git({"rev-parse", "HEAD"});
  checkout.commit("five", "5");
  auto repository = git::Repository::open(checkout.top());
  for (const char* range : {"main..", "HEAD~"}) {
    CAPTURE(range);
    const auto input = app::try_commits(**repository, range);
    REQUIRE_FALSE(input.has_value());
    CHECK(input.error().kind == ErrorKind::invalid);
    CHECK(input.error().message.find(id.substr(0, 12) + " (\"a: wake the builder\") is empty") !=
          std::string::npos);
  }
}

TEST_CASE("app::try_mails: format-patch of several authors is one series, threaded or not") {
  Checkout checkout;
  checkout.commit("one", "1");
  checkout.commit("five", "5", "Other Dev <o@dev.org>");
  // Written days apart: nothing but the file ties them together.
  checkout.git({"commit", "-q", "--amend", "--no-edit", "--date=2026-03-09T10:00:00Z"});
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{},
                                             {"--cover-letter"},
                                             {"--thread"},
                                             {"--thread=deep"},
                                             {"--thread", "--cover-letter"}}) {
    CAPTURE(join(options, " "));
    const auto input = app::try_mails(format_patch(checkout, options), "a.mbox");
    REQUIRE_MESSAGE(input.has_value(), input.error().message);
    CHECK(series_of(*input) == Sizes{2});
  }
}

TEST_CASE("app::try_mails: what b4 am writes is one series: ids of one run, no references") {
  const auto mail = [](const std::string& number, const std::string& from) {
    return "From git@z Thu Jan  1 00:00:00 1970\nSubject: [PATCH v2 " + number +
           "/2] a\nFrom: " + from + "\nDate: Sun, 1 Mar 2026 10:00:0" + number +
           " +0000\nMessage-Id: <20260301-words-v2-" + number +
           "-0123456789ab@example.org>\n\nx\n---\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n"
           "@@ -1 +1 @@\n-a\n+b\n\n";
  };
  const auto input =
      app::try_mails(mail("1", "Ada <ada@example.org>") + mail("2", "Bob <bob@example.org>"), "-");
  REQUIRE(input.has_value());
  CHECK(series_of(*input) == Sizes{2});
}

TEST_CASE("app::try_mails: two series in one file stay two") {
  Checkout checkout;
  checkout.commit("one", "1");
  checkout.commit("five", "5", "Other Dev <o@dev.org>");
  const std::string once = format_patch(checkout, {});
  checkout.commit("nine", "9", app::test::k_ada, {"--amend"});
  const auto input = app::try_mails(once + format_patch(checkout, {}), "two.mbox");
  REQUIRE(input.has_value());
  CHECK(series_of(*input) == Sizes{2, 2});
}

TEST_CASE("app::try_mails: a patch answers the first of its own series, not of the one before") {
  Checkout checkout;
  checkout.commit("one", "1");
  checkout.commit("five", "5");
  const std::string once = format_patch(checkout, {});
  const std::string half = once.substr(0, once.find("\nFrom ") + 1);
  checkout.commit("nine", "9", app::test::k_ada, {"--amend"});
  const auto input = app::try_mails(half + format_patch(checkout, {}), "half.mbox");
  REQUIRE(input.has_value());
  const auto mails = parsed(*input);
  REQUIRE(mails.size() == 3);
  CHECK(mails[1].in_reply_to.empty());
  CHECK(mails[2].in_reply_to == std::vector<std::string>{mails[1].message_id});
}

TEST_CASE("app::try_commits: without an upstream the last commit, and how to have more") {
  Checkout checkout;
  checkout.commit("one", "1");
  checkout.commit("five", "5");
  const auto alone = commits(checkout, "");
  CHECK(alone.mails.size() == 1);
  CHECK(alone.note.find("`patchmill try HEAD~3..`") != std::string::npos);
  checkout.git({"update-ref", "refs/remotes/origin/main", "main"});
  CHECK(commits(checkout, "").note ==
        "no upstream is set, so only the last commit is tested; `patchmill try origin/main..` "
        "tests all 2");
  CHECK(commits(checkout, "HEAD").note.empty());
  checkout.git({"update-ref", "refs/remotes/origin/main", "HEAD~"});
  CHECK(commits(checkout, "").note.empty());  // nothing was left out
}

TEST_CASE("app::try_commits: what the upstream has under another id is not tried again") {
  Checkout checkout;
  checkout.commit("one", "1");
  checkout.commit("five", "5");
  checkout.commit("nine", "9");
  checkout.git({"branch", "-q", "--set-upstream-to=main"});
  const auto take = [&](const std::string& commit) {
    checkout.git({"checkout", "-q", "main"});
    checkout.git({"cherry-pick", "--allow-empty", commit});
    checkout.git({"commit", "-q", "--amend", "-m", "a: taken by the maintainer"});
    checkout.git({"checkout", "-q", "work"});
  };
  CHECK(commits(checkout, "").mails.size() == 3);
  take("work~2");
  const auto rest = commits(checkout, "");
  CHECK(rest.mails.size() == 2);
  CHECK(rest.base == checkout.git({"rev-parse", "work~2"}));
  CHECK(rest.note.empty());
  CHECK(commits(checkout, "main..").mails.size() == 3);  // as named
  take("work");
  const auto gap = commits(checkout, "");
  CHECK(gap.mails.size() == 2);
  CHECK(gap.note.starts_with("1 of these commits is upstream already"));
  take("work~1");
  auto repository = git::Repository::open(checkout.top());
  REQUIRE(repository.has_value());
  const auto none = app::try_commits(**repository, "");
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().message.find("your upstream has all of this branch") != std::string::npos);
}

TEST_CASE("app::try_commits: a first commit and a merge say what they are") {
  Checkout checkout;
  checkout.commit("one", "1");
  checkout.git({"checkout", "-q", "-b", "other", "main"});
  checkout.write("b.txt", "b\n");
  checkout.git({"add", "."});
  checkout.git({"commit", "-q", "-m", "b"});
  checkout.git({"merge", "-q", "--no-edit", "work"});
  auto repository = git::Repository::open(checkout.top());
  REQUIRE(repository.has_value());
  for (const auto& [named, words] : std::map<std::string, std::string>{
           {"main", "main is the first commit of its history"}, {"HEAD", "HEAD is a merge"}}) {
    const auto input = app::try_commits(**repository, named);
    REQUIRE_FALSE(input.has_value());
    CHECK(input.error().kind == ErrorKind::invalid);
    CHECK(input.error().message.find(words) == 0);
  }
}

TEST_CASE("app::try_files: what format-patch -o wrote, as a folder and as files") {
  Checkout checkout;
  checkout.commit("one", "1");
  checkout.commit("five", "5", "Other Dev <o@dev.org>");
  const TempDir out;
  checkout.git({"format-patch", "-q", "--cover-letter", "-o", out.path().string(), "main.."});
  REQUIRE(write_file_atomic(out.path() / "notes.txt", "to do\n"));
  const std::vector<std::filesystem::path> folder = {out.path()};
  const auto whole = app::try_files(folder);
  REQUIRE_MESSAGE(whole.has_value(), whole.error().message);
  CHECK(whole->mails.size() == 3);
  CHECK(whole->base.empty());
  CHECK(series_of(*whole) == Sizes{2});
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(out.path())) {
    if (entry.path().extension() == ".patch") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  const auto each = app::try_files(files);
  REQUIRE_MESSAGE(each.has_value(), each.error().message);
  CHECK(each->mails == whole->mails);
}

TEST_CASE("app::try_files: files of other names, and what holds nothing") {
  const TempDir folder;
  const std::vector<std::filesystem::path> named = {folder.path()};
  const auto empty = app::try_files(named);
  REQUIRE_FALSE(empty.has_value());
  CHECK(empty.error().kind == ErrorKind::invalid);
  CHECK(empty.error().message.find("holds no file") != std::string::npos);
  const std::string mail =
      "From: A <a@example.org>\nSubject: [PATCH {}/2] a\nMessage-ID: <{}@x>\n\nx\n";
  for (const char* number : {"1", "2"}) {
    REQUIRE(
        write_file_atomic(folder.path() / number, fmt::format(fmt::runtime(mail), number, number)));
  }
  const auto both = app::try_files(named);
  REQUIRE_MESSAGE(both.has_value(), both.error().message);
  CHECK(both->mails.size() == 2);
  REQUIRE(write_file_atomic(folder.path() / "3", ""));
  const auto bad = app::try_files(named);
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().message == (folder.path() / "3").string() + " holds no mail");
}

TEST_CASE("app::try_mails: a file without mail is named") {
  const auto input = app::try_mails("", "empty.mbox");
  REQUIRE_FALSE(input.has_value());
  CHECK(input.error().message.find("empty.mbox holds no mail") != std::string::npos);
}

TEST_CASE("app::find_checkout: git says itself why it refuses one, and what to do") {
  Checkout checkout;
  const TempDir outside;
  const auto none = app::find_checkout(outside.path());
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().message.ends_with("is not in a git checkout; change into one"));
  // What git asks of itself in its own tests; it means every folder is somebody else's.
  const Environment foreign(Environment::Wanted{{"GIT_TEST_ASSUME_DIFFERENT_OWNER", "1"}});
  const auto refused = app::find_checkout(checkout.top());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("dubious ownership") != std::string::npos);
  CHECK(refused.error().message.find("--add safe.directory") != std::string::npos);
}
