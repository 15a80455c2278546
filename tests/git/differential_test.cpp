// apply_series() against git am: thousands of commits become mails, and the trees and authors must
// be the same.
//
// PATCHMILL_TEST_HISTORY names a repository whose newest commits are used besides the made-up ones
// (PATCHMILL_TEST_COMMITS of them, 2000 by default) instead of patchmill's own.

#include "git/generated_history.hpp"
#include "git/git_fixture.hpp"
#include "mail/message.hpp"
#include "mail/trailers.hpp"
#include "support/sanitized.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

namespace patchmill::git {
namespace {

using namespace patchmill::git::testing;
namespace fs = std::filesystem;

struct Mail {
  ObjectId commit, parent, tree;
  std::string text;  // as in an mbox
  std::string diff;
  Signature author;
};

// What patchmill makes of the mail, as it would of one that arrived.
void read_mail(Mail& mail) {
  const auto message = mail::parse_message(mail.text.substr(mail.text.find('\n') + 1));
  REQUIRE_MESSAGE(message.has_value(), message.error().message);
  mail.diff = message->diff;
  const auto who = mail::commit_text(*message).author;
  mail.author = {who.name, who.email, to_micros(message->date.value_or(Timestamp())) / 1'000'000,
                 message->date_offset};
  if (message->in_body_date) {
    mail.author.seconds = to_micros(*message->in_body_date) / 1'000'000;
    mail.author.offset_minutes = message->in_body_date_offset;
  }
}

// The commits of a history along first parents with their mails, oldest first; merges have none.
std::vector<Mail> mails_of(const fs::path& repo, int count) {
  std::vector<Mail> mails;
  std::map<std::string, std::size_t> by_commit;
  const std::string listed =
      git_ok(repo, {"log", "--first-parent", "--no-merges", "--reverse", "--format=%H %P %T",
                    "--max-count=" + std::to_string(count), "HEAD"});
  std::string ids;
  for (std::string_view line : split_lines(listed)) {
    const auto words = split(line, ' ');
    if (words.size() == 3 && !words[1].empty()) {
      by_commit[std::string(words[0])] = mails.size();
      ids += std::string(words[0]) + "\n";
      mails.push_back(
          {std::string(words[0]), std::string(words[1]), std::string(words[2]), {}, {}, {}});
    }
  }
  // Patches of the commits listed, one by one, in the form of format-patch.
  const Completed done = run_git(repo,
                                 {"diff-tree", "--stdin", "--format=email", "-p", "--stat", "-M",
                                  "-C", "--binary", "--full-index"},
                                 ids);
  REQUIRE(done.ok());
  const std::string& all = done.out;
  std::size_t start = 0;
  while (start < all.size()) {
    const auto next = all.find("\nFrom ", start);
    std::size_t end = next;
    while (end != std::string::npos && all.substr(end + 46, 26) != " Mon Sep 17 00:00:00 2001\n") {
      end = all.find("\nFrom ", end + 1);
    }
    const std::string mail = all.substr(start, end == std::string::npos ? end : end + 1 - start);
    const auto found = by_commit.find(mail.substr(5, 40));
    if (found != by_commit.end()) {
      mails[found->second].text = mail;
      read_mail(mails[found->second]);
    }
    start = end == std::string::npos ? all.size() : end + 1;
  }
  return mails;
}

constexpr const char* k_tree_and_author = "--format=%T %an <%ae> %ad";

// A worktree in which git am runs.
class Peer {
 public:
  explicit Peer(const fs::path& history) : m_dir("patchmill-am") {
    git_ok(m_dir.path(), {"clone", "-q", "--shared", "--no-checkout", history.string(), "tree"});
  }

  void reset(const ObjectId& commit) { git_ok(tree(), {"reset", "-q", "--hard", commit}); }

  // The tree after git am, or nothing when it refuses.
  std::string am(const ObjectId& base, const std::string& mail, std::vector<std::string> options) {
    reset(base);
    options.insert(options.begin(), "am");
    options.emplace_back("-q");
    const Completed done = run_git(tree(), options, mail);
    if (!done.ok()) {
      run_git(tree(), {"am", "--abort"});
      return {};
    }
    return git_ok(tree(), {"rev-parse", "HEAD^{tree}"});
  }

  // Applies mails that follow each other; gives the tree after each and its author, as
  // tree_and_author() does; "" where git am refuses.
  std::vector<std::string> am_batch(const std::vector<Mail>& mails) {
    std::vector<std::string> made;
    std::size_t i = 0;
    while (i < mails.size()) {
      // As long as each commit stands on the one before.
      std::size_t end = i + 1;
      while (end < mails.size() && mails[end].parent == mails[end - 1].commit && end - i < 500) {
        ++end;
      }
      std::string mbox;
      for (std::size_t k = i; k < end; ++k) {
        mbox += mails[k].text;
      }
      reset(mails[i].parent);
      Completed done = run_git(tree(), {"am", "-q", "--keep-cr"}, mbox);
      std::set<std::size_t> refused;
      while (!done.ok()) {
        std::size_t at = 0;
        const auto number = read_file(tree() / ".git/rebase-apply/next");
        REQUIRE(number.has_value());
        at = i + std::stoul(*number) - 1;
        refused.insert(at);
        git_ok(tree(), {"reset", "-q", "--hard", mails[at].commit});
        done = run_git(tree(), {"am", "-q", "--skip"});
      }
      std::string range = mails[i].parent + "..HEAD";
      std::size_t k = i;
      const std::string listed = git_ok(
          tree(), {"log", "--first-parent", "--reverse", "--date=raw", k_tree_and_author, range});
      for (std::string_view line : split_lines(listed)) {
        made.emplace_back(refused.contains(k) ? "" : line);
        ++k;
      }
      REQUIRE(k == end);
      i = end;
    }
    return made;
  }

 private:
  [[nodiscard]] fs::path tree() const { return m_dir.path() / "tree"; }
  TempDir m_dir;
};

struct Ours {
  std::unique_ptr<TempDir> dir = std::make_unique<TempDir>("patchmill-ours");
  std::unique_ptr<Repository> repository;
  explicit Ours(const fs::path& history) {
    const std::vector<fs::path> alternates{history};
    auto made = Repository::create(dir->path() / "ours.git", alternates);
    REQUIRE_MESSAGE(made.has_value(), (made ? std::string() : made.error().message));
    repository = std::move(*made);
  }
  ApplyOutcome apply(const ObjectId& base, const Mail& mail, const ApplyOptions& options) {
    std::vector<PatchInput> patches{Sandbox::patch(mail.diff)};
    patches[0].author = mail.author;
    auto outcome = apply_series(*repository, base, patches, options);
    REQUIRE_MESSAGE(outcome.has_value(), (outcome ? std::string() : outcome.error().message));
    return std::move(*outcome);
  }

  // "TREE NAME <ADDRESS> SECONDS ZONE" of the commit made; "" when there is none.
  std::string tree_and_author(const ApplyOutcome& outcome) {
    if (!outcome.ok()) {
      return {};
    }
    const auto object = repository->read(outcome.tip());
    REQUIRE(object.has_value());
    const std::string& text = object->data;
    const std::size_t author = text.find("\nauthor ") + 8;
    return outcome.applied.back().tree + " " +
           text.substr(author, text.find('\n', author) - author);
  }
};

// Refused by intent, where git am goes along.
bool changes_submodule(const Mail& mail) {
  return mail.diff.find("160000\n") != std::string::npos;
}

std::string tree_after(const ApplyOutcome& outcome) {
  return outcome.ok() ? outcome.applied.back().tree : std::string();
}

// Every commit on its own parent.
void compare_on_parents(const fs::path& history, const std::vector<Mail>& mails) {
  Peer peer(history);
  Ours ours(history);
  const std::vector<std::string> expected = peer.am_batch(mails);
  REQUIRE(expected.size() == mails.size());
  int refused = 0;
  int submodules = 0;
  int direct_differs = 0;
  for (std::size_t i = 0; i < mails.size(); ++i) {
    CAPTURE(mails[i].commit);
    const auto outcome =
        ours.apply(mails[i].parent, mails[i], {.three_way = false, .explain = true});
    const std::string tree = tree_after(outcome);
    if (!tree.empty() || !changes_submodule(mails[i])) {
      CHECK(ours.tree_and_author(outcome) == expected[i]);
    } else {
      ++submodules;
      CHECK(outcome.conflict->reason.find("submodule") != std::string::npos);
    }
    if (tree.empty()) {
      ++refused;
      CHECK(outcome.conflict->reason != "");
    }
    if (i % 8 == 0) {
      const auto by_git = ours.apply(mails[i].parent, mails[i],
                                     {.three_way = false, .explain = false, .direct = false});
      direct_differs += tree_after(by_git) == tree ? 0 : 1;
    }
  }
  CHECK(direct_differs == 0);
  MESSAGE(mails.size(), " commits on their parents, ", refused, " refused, of these ", submodules,
          " for changing a submodule");
}

// Onto commits they were not made for.
void compare_elsewhere(const fs::path& history, const std::vector<Mail>& mails,
                       std::size_t stride) {
  Peer peer(history);
  Ours ours(history);
  std::map<std::string, int> counts;
  for (std::size_t i = 50; i + 50 < mails.size(); i += stride) {
    const Mail& mail = mails[i];
    if (changes_submodule(mail)) {
      continue;
    }
    const ObjectId& base = (i / stride) % 2 == 0 ? mails[i - 50].commit : mails[i + 50].commit;
    CAPTURE(mail.commit);
    CAPTURE(base);
    for (const bool three_way : {false, true}) {
      std::vector<std::string> options{"--keep-cr"};
      if (three_way) {
        options.emplace_back("-3");
      }
      std::string expected = peer.am(base, mail.text, options);
      if (expected.empty() && mail.diff.find("\r\n") != std::string::npos) {
        options.front() = "--no-keep-cr";
        expected = peer.am(base, mail.text, options);
      }
      const auto outcome = ours.apply(base, mail, {.three_way = three_way, .explain = true});
      const bool already =
          outcome.ok() && outcome.applied.back().method == ApplyMethod::already_applied;
      std::string tree = tree_after(outcome);
      if (already && expected.empty()) {
        tree.clear();  // git am has no word for what is there already
      }
      CAPTURE(three_way);
      if (three_way && outcome.conflict && !expected.empty() &&
          outcome.conflict->reason.find("no commit of its history had it") != std::string::npos) {
        // The base is older than a renaming: git am compares the unknown name with the content of
        // every file. We follow only what history says, and say so.
        ++counts["renamed later, refused by us"];
        continue;
      }
      CHECK(tree == expected);
      if (!outcome.ok()) {
        CHECK(outcome.conflict->reason != "");
      }
      const std::string kind =
          std::string(three_way ? "am -3" : "am") +
          (expected.empty() ? (already ? " already" : " refused") : " applied");
      ++counts[kind];
      counts["upstream commit named"] += outcome.conflict && outcome.conflict->upstream_commit;
    }
  }
  CHECK(counts["renamed later, refused by us"] * 50 <= std::max(counts["am -3 applied"], 50));
  std::string summary;
  for (const auto& [kind, count] : counts) {
    summary += kind + " " + std::to_string(count) + ", ";
  }
  MESSAGE("elsewhere: ", summary);
}

}  // namespace

TEST_CASE("git::apply_series: gives the trees that git am gives on a made-up history") {
  TempDir dir("patchmill-history");
  const fs::path repo = dir.path() / "history.git";
  git_ok(dir.path(), {"init", "-q", "--bare", "-b", "main", repo.string()});
  constexpr int commits = k_sanitized ? 440 : 2200;
  git_ok(repo, {"fast-import", "--quiet"}, HistoryGenerator(20231114).stream(commits));
  const auto mails = mails_of(repo, commits);
  REQUIRE(mails.size() >= commits - commits / 11);
  compare_on_parents(repo, mails);
  compare_elsewhere(repo, mails, 11);
}

TEST_CASE("git::apply_series: gives the trees that git am gives on a real history") {
  // Without another one named, patchmill's own, where this is a clone and no archive.
  const char* named = std::getenv("PATCHMILL_TEST_HISTORY");
  const fs::path history = named != nullptr ? named : PATCHMILL_SOURCE_DIR;
  if (named == nullptr && !fs::exists(history / ".git")) {
    MESSAGE("skipped: no git history is at hand, and PATCHMILL_TEST_HISTORY names none");
    return;
  }
  const char* wanted = std::getenv("PATCHMILL_TEST_COMMITS");
  const auto commits = parse_uint(wanted != nullptr ? wanted : "")
                           .value_or(k_sanitized ? 40u : 2000u);  // or as many as there are
  const auto mails = mails_of(history, static_cast<int>(commits));
  compare_on_parents(history, mails);
  compare_elsewhere(history, mails, 10);
}

}  // namespace patchmill::git
