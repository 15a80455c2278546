#include "intake/public_inbox.hpp"

#include "git/object_id.hpp"
#include "git/repository.hpp"
#include "intake/inbox_history.hpp"
#include "store/cursors.hpp"
#include "util/log.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

// Names given to `cat-file --batch` before the answers are read: git works while we do.
constexpr std::size_t blobs_ahead = 128;

// A mail of an archive: where it was added, and its content.
struct Place {
  std::string commit, blob;
};

class InboxSource final : public Source {
 public:
  InboxSource(fs::path git_dir, std::string key)
      : m_git_dir(std::move(git_dir)), m_key(std::move(key)) {}

  std::string name() const override { return m_git_dir.string(); }
  Result<void> resume(Positions& positions) override;
  Result<std::optional<std::string>> next() override;
  std::function<void(store::Database&)> checkpoint() override;
  SourceProgress progress() const override { return {m_given, size()}; }
  std::vector<Error> take_left_out() override { return std::exchange(m_left_out, {}); }

 private:
  [[nodiscard]] std::string missing_key() const { return m_key + " (missing)"; }
  [[nodiscard]] std::size_t size() const { return m_again.size() + m_history.size(); }
  [[nodiscard]] Place place(std::size_t i) const;
  void recall_missing(Positions& positions);
  Result<void> start_git();
  Result<void> restart_git();
  Result<void> ask();
  Result<std::optional<std::string>> read_answer();
  Result<std::optional<std::string>> read_mail();
  Result<void> skip(std::uint64_t bytes);
  void leave_out(std::string_view why);
  void record_given();

  fs::path m_git_dir;
  std::string m_key;
  InboxHistory m_history;
  std::vector<Place> m_again;  // missing at an earlier reading; before those of m_history
  std::unique_ptr<ChildProcess> m_cat_file;
  std::size_t m_asked = 0;
  std::size_t m_given = 0;                // or left out
  std::optional<std::size_t> m_ended_at;  // where git ended once
  std::vector<Error> m_left_out;
  std::vector<std::string> m_missing, m_found;  // names since the last checkpoint
};

std::string missing_name(const Place& place) {
  return place.commit + ' ' + place.blob;
}

Place InboxSource::place(std::size_t i) const {
  if (i < m_again.size()) {
    return m_again[i];
  }
  i -= m_again.size();
  return {m_history.commit(i), m_history.blob(i)};
}

void InboxSource::recall_missing(Positions& positions) {
  auto names = positions.read_names(missing_key());
  if (m_history.rewritten() && !names.empty()) {  // all there is now is read
    positions.forget_names(missing_key(), names);
    return;
  }
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    const auto words = split(name, ' ');
    if (words.size() == 2 && git::is_object_id(words[0]) && git::is_object_id(words[1])) {
      m_again.push_back({std::string(words[0]), std::string(words[1])});
    }
  }
}

Result<void> InboxSource::resume(Positions& positions) {
  auto cursor = positions.cursor(m_key).value_or("");
  if (!git::is_object_id(cursor)) {
    cursor.clear();
  }
  PM_TRY_ASSIGN(m_history, InboxHistory::read(m_git_dir, cursor));
  if (m_history.rewritten()) {
    log::info("the history of {} was rewritten; reading all of it", m_git_dir.string());
  }
  recall_missing(positions);
  return size() > 0 ? start_git() : Result<void>();
}

Result<void> InboxSource::start_git() {
  Command command;
  command.argv = {"git", "--git-dir=" + m_git_dir.string(), "cat-file", "--batch"};
  command.env = git::git_environment();
  command.inherit_env = false;
  PM_TRY_ASSIGN(m_cat_file, ChildProcess::start(command));
  m_asked = m_given;
  return {};
}

// After git has ended. A commit that was there a moment ago tells a broken mail from a broken git.
Result<void> InboxSource::restart_git() {
  PM_TRY(start_git());
  PM_TRY(m_cat_file->write(m_history.tip() + '\n'));
  PM_TRY_ASSIGN(const std::string header, m_cat_file->read_line());
  const auto words = split(header, ' ');
  const auto bytes = words.size() == 3 ? parse_uint(words[2]) : std::nullopt;
  if (!bytes) {
    return fail(ErrorKind::infrastructure, fmt::format("git has lost its newest commit: {}",
                                                       ellipsize(escape_terminal(header), 200)));
  }
  return skip(*bytes + 1);
}

Result<void> InboxSource::ask() {
  if (m_asked - m_given > blobs_ahead / 2) {
    return {};
  }
  const auto ahead = m_ended_at == m_given ? 1 : blobs_ahead;
  std::string names;
  for (; m_asked < size() && m_asked - m_given < ahead; ++m_asked) {
    names += place(m_asked).blob;
    names += '\n';
  }
  return m_cat_file->write(names);
}

Result<void> InboxSource::skip(std::uint64_t bytes) {
  while (bytes > 0) {
    const auto step = std::min<std::uint64_t>(bytes, std::uint64_t{1} << 20);
    PM_TRY(m_cat_file->read_exact(static_cast<std::size_t>(step)));
    bytes -= step;
  }
  return {};
}

// "<name> blob <size>", the content, a newline; or "<name> missing", which is left out. Errors: git
// is gone.
Result<std::optional<std::string>> InboxSource::read_answer() {
  PM_TRY_ASSIGN(const std::string header, m_cat_file->read_line());
  const auto words = split(header, ' ');
  const auto bytes = words.size() == 3 ? parse_uint(words[2]) : std::nullopt;
  if (!bytes || words[1] != "blob") {
    PM_TRY(skip(bytes ? *bytes + 1 : 0));
    leave_out("git says \"" + ellipsize(escape_terminal(header), 200) + '"');
    return std::optional<std::string>();
  }
  const auto kept = std::min<std::uint64_t>(*bytes, most_bytes_of_a_mail);
  PM_TRY_ASSIGN(std::string mail, m_cat_file->read_exact(static_cast<std::size_t>(kept)));
  PM_TRY(skip(*bytes - kept + 1));
  record_given();
  return std::optional(std::move(mail));
}

void InboxSource::record_given() {
  if (m_given < m_again.size()) {
    m_found.push_back(missing_name(m_again[m_given]));
  }
  ++m_given;
}

void InboxSource::leave_out(std::string_view why) {
  const Place here = place(m_given);
  m_left_out.push_back({ErrorKind::infrastructure,
                        fmt::format("{}: the mail of commit {} cannot be read: {}; it is tried "
                                    "again by the next reading, `git fsck` says what is damaged",
                                    escape_terminal(m_git_dir.string()), here.commit, why)});
  if (m_given >= m_again.size()) {
    m_missing.push_back(missing_name(here));
  }
  ++m_given;
}

// The next mail, or nothing when it was left out.
Result<std::optional<std::string>> InboxSource::read_mail() {
  auto mail = [&]() -> Result<std::optional<std::string>> {
    PM_TRY(ask());
    return read_answer();
  }();
  if (mail) {
    return mail;
  }
  PM_TRY(restart_git());
  if (m_ended_at == m_given) {  // and nothing else was asked of it
    leave_out(mail.error().message);
    m_asked = m_given;
  } else {
    m_ended_at = m_given;
  }
  return std::optional<std::string>();
}

Result<std::optional<std::string>> InboxSource::next() {
  while (m_given < size()) {
    auto mail = read_mail();
    if (!mail) {
      return fail_with(escape_terminal(m_git_dir.string()), mail.error());
    }
    if (*mail) {
      const auto stripped = without_from_line(**mail);
      return stripped.size() == (*mail)->size() ? std::move(mail)
                                                : std::optional(std::string(stripped));
    }
  }
  return std::optional<std::string>();
}

std::function<void(store::Database&)> InboxSource::checkpoint() {
  std::string commit = m_given == size()          ? m_history.tip()
                       : m_given > m_again.size() ? place(m_given - 1).commit
                                                  : std::string();
  return [key = m_key, missing_key = missing_key(), commit = std::move(commit),
          missing = std::exchange(m_missing, {}),
          found = std::exchange(m_found, {})](store::Database& database) {
    if (!commit.empty()) {
      store::set_cursor(database, key, commit);
    }
    store::add_read_names(database, missing_key, missing);
    store::remove_read_names(database, missing_key, found);
  };
}

std::optional<std::uint64_t> epoch_number(const fs::path& path) {
  return path.extension() == ".git" ? parse_uint(path.stem().string()) : std::nullopt;
}

}  // namespace

std::unique_ptr<Source> open_inbox_repository(fs::path git_dir, std::string key) {
  return std::make_unique<InboxSource>(std::move(git_dir), std::move(key));
}

std::vector<fs::path> epochs_of(const fs::path& folder) {
  for (const auto& place : {folder / "git", folder}) {
    std::vector<fs::path> epochs;
    std::error_code error;
    fs::directory_iterator it(place, error);
    for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
      if (epoch_number(it->path())) {
        epochs.push_back(it->path());
      }
    }
    if (!epochs.empty()) {
      std::sort(epochs.begin(), epochs.end(), [](const fs::path& a, const fs::path& b) {
        return epoch_number(a) < epoch_number(b);
      });
      return epochs;
    }
  }
  return {};
}

}  // namespace patchmill::intake
