#include "app/try_input.hpp"

#include "intake/mbox.hpp"
#include "util/file.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_max_commits = 1000;

Result<std::string> git_line(git::Repository& repository, std::vector<std::string> args) {
  PM_TRY_ASSIGN(const Completed done, repository.git(std::move(args)));
  if (!done.ok()) {
    return fail(ErrorKind::not_found, std::string(trim(escape_terminal(done.err))));
  }
  return std::string(trim(done.out));
}

struct Range {
  git::ObjectId base, tip;
};

Result<Range> range_of(git::Repository& repository, std::string_view written) {
  std::string text(trim(written));
  if (text.empty()) {
    text = git_line(repository, {"rev-parse", "--verify", "--quiet", "@{upstream}"})
               ? "@{upstream}.."
               : "HEAD";
  }
  const auto dots = text.find("..");
  std::string from = dots == std::string::npos ? "" : text.substr(0, dots);
  std::string to = dots == std::string::npos ? text : text.substr(dots + 2);
  if (to.starts_with('.')) {
    to.erase(0, 1);  // "A...B": since they parted, which merge-base below gives anyway
  }
  to = to.empty() ? "HEAD" : to;
  Range range;
  auto tip = repository.resolve(to);
  if (!tip) {
    return fail(ErrorKind::invalid, fmt::format("'{}' names no commit here", escape_terminal(to)));
  }
  range.tip = *tip;
  if (dots == std::string::npos) {
    PM_TRY_ASSIGN(const auto commit, repository.commit(range.tip));
    if (commit.parents.size() != 1) {
      return fail(ErrorKind::invalid,
                  fmt::format("{} has {} parents; a patch is made of a commit with one",
                              escape_terminal(to), commit.parents.size()));
    }
    range.base = commit.parents[0];
    return range;
  }
  from = from.empty() ? "HEAD" : from;
  auto start = repository.resolve(from);
  if (!start) {
    return fail(ErrorKind::invalid,
                fmt::format("'{}' names no commit here", escape_terminal(from)));
  }
  auto base = git_line(repository, {"merge-base", *start, range.tip});
  if (!base) {
    return fail(ErrorKind::invalid, fmt::format("{} and {} have no common history",
                                                escape_terminal(from), escape_terminal(to)));
  }
  range.base = *base;
  return range;
}

// A stable Message-ID, so that trying the same commits twice is the same series.
std::string with_ids(const std::string& mail, const std::string& id, const std::string& parent) {
  std::string headers = fmt::format("Message-ID: <{}>\n", id);
  if (!parent.empty()) {
    headers += fmt::format("In-Reply-To: <{}>\nReferences: <{}>\n", parent, parent);
  }
  // format-patch begins with "From <commit> <date>", which is no header.
  const auto end = mail.starts_with("From ") ? mail.find('\n') + 1 : 0;
  return headers + mail.substr(end);
}

}  // namespace

Result<TryInput> try_commits(git::Repository& repository, std::string_view written) {
  PM_TRY_ASSIGN(const Range range, range_of(repository, written));
  const std::string span = range.base + ".." + range.tip;
  PM_TRY_ASSIGN(const std::string count,
                git_line(repository, {"rev-list", "--count", "--no-merges", span, "--"}));
  const std::size_t commits = parse_uint(count).value_or(0);
  if (commits == 0) {
    return fail(ErrorKind::invalid,
                "there is nothing to try: no commits in that range; name some, e.g. HEAD~3..");
  }
  if (commits > k_max_commits) {
    return fail(ErrorKind::limit, fmt::format("{} commits in that range; at most {} are tried",
                                              commits, k_max_commits));
  }
  PM_TRY_ASSIGN(const std::string merges,
                git_line(repository, {"rev-list", "--count", "--merges", span, "--"}));
  if (merges != "0") {
    return fail(ErrorKind::invalid,
                "there are merges in that range, which cannot be sent as patches; rebase first");
  }
  TempDir folder("patchmill-try");
  PM_TRY(git_line(repository,
                  {"format-patch", "--quiet", "--numbered", "--no-signature", "--no-attach",
                   "--no-thread", "--no-cover-letter", "--full-index", "--binary", "-M",
                   "--output-directory", folder.path().string(), span, "--"}));
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  TryInput input;
  input.base = range.base;
  std::string first;
  for (const fs::path& file : files) {
    PM_TRY_ASSIGN(const std::string mail, read_file(file, 256u << 20));
    const std::string id = sha256_hex(range.base + mail + first).substr(0, 40) + "@try.patchmill";
    input.mails.push_back(with_ids(mail, id, first));
    first = first.empty() ? id : first;
  }
  return input;
}

Result<TryInput> try_mailbox(const fs::path& file) {
  PM_TRY_ASSIGN(const std::string text, read_file(file == "-" ? "/dev/stdin" : file, 256u << 20));
  TryInput input;
  input.mails = intake::split_mbox(text);
  if (input.mails.empty()) {
    return fail(ErrorKind::invalid, fmt::format("{} holds no mail", file.string()));
  }
  if (input.mails.size() > k_max_commits) {
    return fail(ErrorKind::limit,
                fmt::format("{} holds {} mails; at most {} are tried (`patchmill import` takes any "
                            "number)",
                            file.string(), input.mails.size(), k_max_commits));
  }
  return input;
}

Result<fs::path> find_checkout(const fs::path& folder) {
  SystemProcessRunner processes;
  Command command;
  command.argv = {"git", "rev-parse", "--show-toplevel"};
  command.cwd = folder.string();
  command.timeout = std::chrono::seconds(10);
  PM_TRY_ASSIGN(const Completed done, processes.run(command));
  if (!done.ok()) {
    return fail(ErrorKind::not_found,
                fmt::format("{} is not in a git checkout; change into one", folder.string()));
  }
  return fs::path(trim(done.out));
}

}  // namespace patchmill::app
