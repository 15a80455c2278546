#include "app/try_input.hpp"

#include "app/try_range.hpp"
#include "intake/mbox.hpp"
#include "mail/message.hpp"
#include "mail/subject.hpp"
#include "tracker/facts.hpp"
#include "util/file.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <tuple>

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_max_commits = 1000;

// Message-IDs as git format-patch --thread makes them, which shows that one run made them all.
// `mails`: hash of everything tried together, so that an id never stands for two contents.
std::string made_id(std::string_view mails, std::size_t index) {
  return sha256_hex(fmt::format("{} {}", mails, index)).substr(0, 40) +
         ".1000000000.git.try@patchmill";
}

std::string hash_of(std::span<const std::string> mails) {
  Sha256 hash;
  for (const std::string& mail : mails) {
    hash.update(fmt::format("{}:", mail.size()));
    hash.update(mail);
  }
  return hash.hex();
}

// Empty: that header is there already, or is not wanted.
std::string with_headers(const std::string& mail, const std::string& id,
                         const std::string& parent) {
  std::string headers = id.empty() ? "" : fmt::format("Message-ID: <{}>\n", id);
  if (!parent.empty()) {
    headers += fmt::format("In-Reply-To: <{}>\nReferences: <{}>\n", parent, parent);
  }
  // format-patch begins with "From <commit> <date>", which is no header.
  const auto end = mail.starts_with("From ") ? mail.find('\n') + 1 : 0;
  return headers + mail.substr(end);
}

struct CommitLine {
  std::string id, tree, author_email, committer_email, committer, subject;
};

// Oldest first. There are no merges in the span, so each is the parent of the next.
Result<std::vector<CommitLine>> commits_of(git::Repository& repository, const std::string& span) {
  PM_TRY_ASSIGN(const Completed done,
                repository.git({"log", "--reverse", "--no-show-signature", "--encoding=UTF-8",
                                "--format=%H%x00%T%x00%ae%x00%ce%x00%cn <%ce>%x00%s", span, "--"}));
  if (!done.ok()) {
    return fail(ErrorKind::infrastructure, escape_terminal(joined_lines(done.err)));
  }
  std::vector<CommitLine> commits;
  for (const std::string_view line : split_lines(done.out)) {
    const auto words = split(line, '\0');
    if (words.size() == 6) {
      commits.push_back({std::string(words[0]), std::string(words[1]), std::string(words[2]),
                         std::string(words[3]), std::string(words[4]), std::string(words[5])});
    }
  }
  return commits;
}

// Mails cannot carry a commit that changes nothing.
Result<void> refuse_empty(git::Repository& repository, const std::string& base,
                          const std::vector<CommitLine>& commits) {
  PM_TRY_ASSIGN(const git::CommitInfo before, repository.commit(base));
  std::string_view tree = before.tree;
  for (const CommitLine& commit : commits) {
    if (commit.tree == tree) {
      return fail(ErrorKind::invalid,
                  fmt::format("commit {} (\"{}\") is empty: it changes no file, so no patch can be "
                              "made of it; drop it (`git rebase -i`) or name commits without it",
                              commit.id.substr(0, 12), escape_terminal(commit.subject)));
    }
    tree = commit.tree;
  }
  return {};
}

// "Name <address>" of the person at this machine, by their own git configuration; empty: unknown.
std::string user_ident(const git::Repository& repository) {
  SystemProcessRunner processes;
  Command command;
  command.argv = {"git", "--git-dir", repository.git_dir().string(), "var", "GIT_COMMITTER_IDENT"};
  command.timeout = std::chrono::seconds(10);
  const auto done = processes.run(command);
  const auto end = done && done->ok() ? done->out.rfind('>') : std::string::npos;
  return end == std::string::npos ? std::string() : done->out.substr(0, end + 1);
}

std::string sender_of(const git::Repository& repository, const std::vector<CommitLine>& commits) {
  std::string user = user_ident(repository);
  for (const CommitLine& commit : commits) {
    for (const std::string& email : {commit.author_email, commit.committer_email}) {
      if (user.ends_with("<" + email + ">")) {
        return user;
      }
    }
  }
  return commits.back().committer;
}

// What a patch looks like must not depend on how this checkout is configured; what it says (the
// prefix, To and Cc, sign-off) is the author's business.
std::vector<std::string> format_patch(const std::string& sender, const fs::path& folder,
                                      const std::string& span) {
  return {"-c",
          "diff.suppressBlankEmpty=false",
          "-c",
          "format.mboxrd=false",
          "-c",
          "format.filenameMaxLength=64",
          "format-patch",
          "--quiet",
          "--numbered",
          "--no-signature",
          "--no-attach",
          "--no-thread",
          "--no-cover-letter",
          "--no-base",
          "--from=" + sender,
          "--full-index",
          "--binary",
          "--encoding=UTF-8",
          "-M",
          "-U3",
          "-O/dev/null",
          "--inter-hunk-context=0",
          "--src-prefix=a/",
          "--dst-prefix=b/",
          "--no-relative",
          "--submodule=short",
          "--ignore-submodules=none",
          "--output-directory",
          folder.string(),
          span,
          "--"};
}

// Which numbers of a posting were seen, and the mail the others are made to answer.
struct Posting {
  std::string head;
  std::set<int> numbers;
};

Result<void> refuse_too_many(std::size_t mails, const std::string& name) {
  if (mails <= k_max_commits) {
    return {};
  }
  return fail(ErrorKind::limit,
              fmt::format("{} holds {} mails; at most {} are tried (`patchmill import` takes any "
                          "number)",
                          escape_terminal(name), mails, k_max_commits));
}

// Mails of one try, as try_mails() says.
Result<TryInput> tied_together(std::vector<std::string> mails, const std::string& name) {
  TryInput input;
  input.mails = std::move(mails);
  if (input.mails.empty()) {
    return fail(ErrorKind::invalid, fmt::format("{} holds no mail", escape_terminal(name)));
  }
  PM_TRY(refuse_too_many(input.mails.size(), name));
  const std::string hash = hash_of(input.mails);
  std::map<std::tuple<std::string, tracker::Version, int>, Posting> postings;
  for (std::size_t i = 0; i < input.mails.size(); ++i) {
    const auto parsed = mail::parse_message(input.mails[i]);
    if (!parsed) {
      continue;  // whoever takes the mails says why it cannot be used
    }
    const mail::Subject subject = mail::parse_subject(parsed->subject);
    const bool loose = parsed->in_reply_to.empty() && parsed->references.empty();
    if (!loose || subject.is_reply || !subject.number || !subject.total) {
      continue;
    }
    const bool has_id = parsed->header("Message-ID").has_value();
    const std::string id = has_id ? parsed->message_id : made_id(hash, i);
    const std::string run = tracker::posting_run(id);
    if (run.empty()) {
      continue;  // nothing shows what it was sent with
    }
    Posting& posting = postings[{run, tracker::version_of(subject), *subject.total}];
    if (posting.head.empty() || !posting.numbers.insert(*subject.number).second) {
      posting = {id, {*subject.number}};
    }
    input.mails[i] = with_headers(input.mails[i], has_id ? std::string() : id,
                                  posting.head == id ? std::string() : posting.head);
  }
  return input;
}

constexpr std::size_t k_max_mail_bytes = 256u << 20;
constexpr std::size_t k_max_folder_files = 10'000;

// The files of a folder that hold mails, by name: those called like mails, else all.
Result<std::vector<fs::path>> files_of(const fs::path& folder) {
  std::vector<fs::path> all, mails;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const fs::path& path = entries->path();
    std::error_code unknown;
    if (!fs::is_regular_file(path, unknown) || path.filename().string().starts_with('.')) {
      continue;
    }
    if (all.size() == k_max_folder_files) {
      return fail(ErrorKind::limit,
                  fmt::format("{} holds more than {} files; name those to be tried",
                              escape_terminal(folder.string()), k_max_folder_files));
    }
    all.push_back(path);
    for (const char* kind : {".patch", ".eml", ".mbox"}) {
      if (path.extension() == kind) {
        mails.push_back(path);
      }
    }
  }
  if (error) {
    return fail(ErrorKind::invalid, fmt::format("{} cannot be read: {}",
                                                escape_terminal(folder.string()), error.message()));
  }
  if (all.empty()) {
    return fail(ErrorKind::invalid,
                fmt::format("the folder {} holds no file", escape_terminal(folder.string())));
  }
  std::vector<fs::path>& files = mails.empty() ? all : mails;
  std::sort(files.begin(), files.end());
  return std::move(files);
}

}  // namespace

Result<TryInput> try_commits(git::Repository& repository, std::string_view written) {
  PM_TRY_ASSIGN(const TryRange range, try_range(repository, written));
  const std::string span = range.base + ".." + range.tip;
  PM_TRY_ASSIGN(const std::string count,
                git_line(repository, {"rev-list", "--count", "--no-merges", span, "--"}));
  const std::size_t commits = parse_uint(count).value_or(0);
  if (commits == 0) {
    return fail(
        ErrorKind::invalid,
        trim(written).empty()
            ? "there is nothing to try: your upstream has all of this branch; name commits, "
              "e.g. HEAD~3.."
            : "there is nothing to try: no commits in that range; name some, e.g. "
              "HEAD~3..");
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
  PM_TRY_ASSIGN(const auto lines, commits_of(repository, span));
  if (lines.size() != commits) {
    return fail(ErrorKind::infrastructure,
                fmt::format("git names {} of {} commits in that range", lines.size(), commits));
  }
  PM_TRY(refuse_empty(repository, range.base, lines));
  TempDir folder("patchmill-try");
  PM_TRY(git_line(repository, format_patch(sender_of(repository, lines), folder.path(), span)));
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> mails;
  for (const fs::path& file : files) {
    PM_TRY_ASSIGN(std::string mail, read_file(file, 256u << 20));
    mails.push_back(std::move(mail));
  }
  TryInput input;
  input.base = range.base;
  input.note = range.note;
  const std::string hash = hash_of(mails);
  for (std::size_t i = 0; i < mails.size(); ++i) {
    input.mails.push_back(
        with_headers(mails[i], made_id(hash, i), i == 0 ? std::string() : made_id(hash, 0)));
  }
  return input;
}

Result<TryInput> try_mails(std::string_view mbox, const std::string& name) {
  return tied_together(intake::split_mbox(mbox), name);
}

Result<TryInput> try_files(std::span<const fs::path> named) {
  std::vector<fs::path> files;
  for (const fs::path& path : named) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    PM_TRY_ASSIGN(const auto inside, files_of(path));
    files.insert(files.end(), inside.begin(), inside.end());
  }
  std::vector<std::string> mails;
  std::size_t left = k_max_mail_bytes;
  const auto name_of_all = [&] {
    return named.size() != 1 ? fmt::format("{} and {} more", named.front().string(),
                                           count_of(named.size() - 1, "argument"))
           : named[0] == "-" ? "standard input"
                             : named[0].string();
  };
  for (const fs::path& file : files) {
    PM_TRY_ASSIGN(const std::string text, read_file(file == "-" ? "/dev/stdin" : file, left));
    left -= text.size();
    std::vector<std::string> more = intake::split_mbox(text);
    if (more.empty() && files.size() > 1) {
      return fail(ErrorKind::invalid,
                  fmt::format("{} holds no mail", escape_terminal(file.string())));
    }
    std::move(more.begin(), more.end(), std::back_inserter(mails));
    PM_TRY(refuse_too_many(mails.size(), name_of_all()));
  }
  return tied_together(std::move(mails), name_of_all());
}

Result<fs::path> find_checkout(const fs::path& folder) {
  SystemProcessRunner processes;
  Command command;
  command.argv = {"git", "rev-parse", "--show-toplevel"};
  command.cwd = folder.string();
  command.env = {{"LC_ALL", "C"}};
  command.timeout = std::chrono::seconds(10);
  PM_TRY_ASSIGN(const Completed done, processes.run(command));
  if (!done.ok()) {
    // git says what to do about a folder of somebody else's, on lines of their own.
    const std::string_view why = trim(done.err);
    if (!why.empty() && why.find("not a git repository") == std::string_view::npos) {
      return fail(ErrorKind::not_found,
                  fmt::format("git does not take {} for a checkout to work in; it says:\n{}",
                              folder.string(), why));
    }
    return fail(ErrorKind::not_found,
                fmt::format("{} is not in a git checkout; change into one", folder.string()));
  }
  return fs::path(trim(done.out));
}

}  // namespace patchmill::app
