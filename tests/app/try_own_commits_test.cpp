#include "app/try_own_commits.hpp"

#include "app/try_fixture.hpp"
#include "app/try_session.hpp"

using namespace patchmill;
using app::test::Checkout;
using app::test::Environment;
using findings::Verdict;

namespace {

class IdleRuntime final : public runtimes::Runtime {
 public:
  Result<runtimes::RunOutcome> run(const runtimes::RunRequest&,
                                   const std::function<void(std::string_view)>&) override {
    return fail(ErrorKind::infrastructure, "no job is configured");
  }
};

struct Tried {
  Verdict verdict = Verdict::incomplete;
  std::string reason;    // of the verdict
  std::string checkout;  // where it was placed, and why
};

// Mails tried by somebody who stands on a branch that may have them.
struct Author {
  std::string mails(const std::string& range) {
    return checkout.git({"format-patch", "--stdout", range}) + "\n";
  }

  Result<Tried> attempt(const std::string& mbox, const std::string& base = "") {
    app::Config config;
    config.checks_enabled = std::vector<std::string>{"signed-off-by"};
    PM_TRY_ASSIGN(const auto input, app::try_mails(mbox, "mbox"));
    PM_TRY_ASSIGN(const auto session,
                  app::TrySession::open(config, {checkout.top(), "", base, false}));
    PM_TRY_ASSIGN(const auto taken, session->take(input));
    REQUIRE(taken.size() == 1);
    IdleRuntime runtime;
    SystemProcessRunner processes;
    PM_TRY_ASSIGN(const auto result, session->run(taken[0], input, runtime, processes, {}));
    Tried tried{result.report.verdict.verdict, result.report.verdict.reason, ""};
    for (const auto& node : session->workspace().nodes().of_series(taken[0].number)) {
      if (node.kind == pipeline::NodeKind::checkout) {
        tried.checkout = node.summary;
      }
    }
    return tried;
  }
  Tried tried(const std::string& mbox, const std::string& base = "") {
    auto result = attempt(mbox, base);
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    return *std::move(result);
  }
  std::string short_id(const std::string& revision) {
    return checkout.git({"rev-parse", "--short=12", revision});
  }

  Environment committed{Environment::Wanted{{"GIT_COMMITTER_DATE", "2026-03-01T12:00:00Z"}}};
  Checkout checkout;
};

}  // namespace

TEST_CASE("app::own_commits: mails of the commits one stands on are tested on the first's parent") {
  Author author;
  author.checkout.commit("one", "1");
  author.checkout.commit("five", "5");
  const std::string both = author.mails("main..");
  const Tried two = author.tried(both);
  CAPTURE(two.reason);
  CHECK(two.verdict == Verdict::pass);
  CHECK(two.checkout ==
        "these are commits already on this branch; tested on the parent of the first, " +
            author.short_id("main"));
  const Tried last = author.tried(author.mails("HEAD~.."));
  CHECK(last.verdict == Verdict::pass);
  CHECK(last.checkout == "this is a commit already on this branch; tested on its parent, " +
                             author.short_id("HEAD~"));
  // Also where the branch went on, and where the mails were reworded or hold a newer diff.
  author.checkout.commit("nine", "9");
  CHECK(author.tried(both).checkout == two.checkout);
  std::string other = both;
  other.replace(other.find("+1\n"), 3, "+uno\n");
  CHECK(author.tried(other).checkout == two.checkout);
  // A base that was named is what is meant.
  CHECK(author.tried(both, "HEAD").verdict == Verdict::skip);
}

TEST_CASE("app::own_commits: what the upstream of the branch has is already in") {
  Author author;
  author.checkout.commit("one", "1");
  author.checkout.commit("five", "5");
  const std::string both = author.mails("main..");
  author.checkout.git({"branch", "-q", "--set-upstream-to=main", "work"});
  CHECK(author.tried(both).verdict == Verdict::pass);
  SUBCASE("all of it") {
    author.checkout.git({"branch", "-q", "-f", "main", "work"});
    const Tried tried = author.tried(both);
    CHECK(tried.verdict == Verdict::skip);
    CHECK(tried.checkout.starts_with("already in "));
  }
  SUBCASE("the first of them") {
    author.checkout.git({"branch", "-q", "-f", "main", "work~"});
    const Tried tried = author.tried(both);
    CHECK(tried.verdict == Verdict::pass);
    CHECK(tried.checkout ==
          "1 of 2 patches is a commit already on this branch; tested on its parent, " +
              author.short_id("work~"));
  }
}

TEST_CASE("app::own_commits: only some of the mails are commits") {
  Author author;
  author.checkout.commit("one", "1");
  author.checkout.commit("two", "2");  // the line next to it: on top of both, the first is hidden
  author.checkout.commit("nine", "9");
  const std::string all = author.mails("main..");
  const std::string base = author.short_id("main");
  author.checkout.git({"reset", "-q", "--hard", "HEAD~"});
  const Tried tried = author.tried(all);
  CHECK(tried.verdict == Verdict::pass);
  CHECK(tried.checkout ==
        "2 of 3 patches are commits already on this branch; tested on the parent of the first, " +
            base);
}

TEST_CASE("app::own_commits: commits that need others in between do not apply as mails") {
  Author author;
  author.checkout.commit("one", "1");
  const std::string first = author.mails("HEAD~..");
  author.checkout.commit("two", "2");
  author.checkout.commit("2\n", "zwei\n");
  const std::string last = author.mails("HEAD~..");
  std::string mails = first + last;
  for (const char* number : {"1", "2"}) {
    const auto at = mails.find("[PATCH] ");
    REQUIRE(at != std::string::npos);
    mails.replace(at, 8, std::string("[PATCH ") + number + "/2] ");
  }
  const Tried tried = author.tried(mails);
  CHECK(tried.verdict == Verdict::fail);
  CHECK(tried.checkout ==
        "these are commits already on this branch, but as mails they do not apply to the parent of "
        "the first, " +
            author.short_id("main"));
}

TEST_CASE("app::own_commits: nothing is before the first commit of a history") {
  Author author;
  const auto tried =
      author.attempt(author.checkout.git({"format-patch", "--stdout", "--root", "HEAD"}) + "\n");
  REQUIRE_FALSE(tried.has_value());
  CHECK(tried.error().kind == ErrorKind::invalid);
  CHECK(tried.error().message.find(
            "is the first commit of its history: there is nothing before it") != std::string::npos);
}

TEST_CASE("app::own_commits: old commits of the branch are no longer the author's business") {
  Author author;
  author.checkout.commit("one", "1");
  std::string later = author.mails("main..");
  const auto at = later.find("Date: ");
  REQUIRE(at != std::string::npos);
  later.replace(at, later.find('\n', at) - at, "Date: Sun, 1 Nov 2026 10:00:00 +0000");
  const Tried tried = author.tried(later);
  CHECK(tried.verdict == Verdict::skip);
}
