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

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

// Names given to `cat-file --batch` before the answers are read: git works while we do.
constexpr std::size_t asked_ahead = 128;

class InboxSource final : public Source {
 public:
  InboxSource(fs::path git_dir, std::string key)
      : m_git_dir(std::move(git_dir)), m_key(std::move(key)) {}

  std::string name() const override { return m_git_dir.string(); }
  Result<void> resume(Positions& positions) override;
  Result<std::optional<std::string>> next() override;
  std::function<void(store::Database&)> checkpoint() override;
  SourceProgress progress() const override { return {m_given, m_history.size()}; }

 private:
  Result<void> ask();
  Result<std::string> read_answer();

  fs::path m_git_dir;
  std::string m_key;
  InboxHistory m_history;
  std::unique_ptr<ChildProcess> m_cat_file;
  std::size_t m_asked = 0;
  std::size_t m_given = 0;
};

Result<void> InboxSource::resume(Positions& positions) {
  auto cursor = positions.cursor(m_key).value_or("");
  if (!git::is_object_id(cursor)) {
    cursor.clear();
  }
  PM_TRY_ASSIGN(m_history, InboxHistory::read(m_git_dir, cursor));
  if (m_history.rewritten()) {
    log::info("the history of {} was rewritten; reading all of it", m_git_dir.string());
  }
  if (m_history.size() == 0) {
    return {};
  }
  Command command;
  command.argv = {"git", "--git-dir=" + m_git_dir.string(), "cat-file", "--batch"};
  command.env = git::git_environment();
  command.inherit_env = false;
  PM_TRY_ASSIGN(m_cat_file, ChildProcess::start(command));
  return {};
}

Result<void> InboxSource::ask() {
  if (m_asked - m_given > asked_ahead / 2) {
    return {};
  }
  std::string names;
  for (; m_asked < m_history.size() && m_asked - m_given < asked_ahead; ++m_asked) {
    names += m_history.blob(m_asked);
    names += '\n';
  }
  return m_cat_file->write(names);
}

// "<name> blob <size>", the content, a newline.
Result<std::string> InboxSource::read_answer() {
  PM_TRY_ASSIGN(const std::string header, m_cat_file->read_line());
  const auto words = split(header, ' ');
  const auto size = words.size() == 3 ? parse_uint(words[2]) : std::nullopt;
  if (!size || words[1] != "blob") {
    return fail(ErrorKind::infrastructure,
                fmt::format("git has no mail {} (commit {}): {}", m_history.blob(m_given),
                            m_history.commit(m_given), ellipsize(escape_terminal(header), 200)));
  }
  const auto kept = std::min<std::uint64_t>(*size, most_bytes_of_a_mail);
  PM_TRY_ASSIGN(std::string mail, m_cat_file->read_exact(static_cast<std::size_t>(kept)));
  for (auto rest = *size - kept + 1; rest > 0;) {  // what is too much, and the newline
    const auto step = std::min<std::uint64_t>(rest, std::uint64_t{1} << 20);
    PM_TRY(m_cat_file->read_exact(static_cast<std::size_t>(step)));
    rest -= step;
  }
  return mail;
}

Result<std::optional<std::string>> InboxSource::next() {
  if (m_given == m_history.size()) {
    return std::optional<std::string>();
  }
  auto mail = [&]() -> Result<std::string> {
    PM_TRY(ask());
    return read_answer();
  }();
  if (!mail) {
    return fail_with(escape_terminal(m_git_dir.string()), mail.error());
  }
  ++m_given;
  const auto stripped = without_from_line(*mail);
  return std::optional(stripped.size() == mail->size() ? std::move(*mail) : std::string(stripped));
}

std::function<void(store::Database&)> InboxSource::checkpoint() {
  std::string commit = m_given == m_history.size() ? m_history.tip()
                       : m_given > 0               ? m_history.commit(m_given - 1)
                                                   : std::string();
  return [key = m_key, commit = std::move(commit)](store::Database& database) {
    if (!commit.empty()) {
      store::set_cursor(database, key, commit);
    }
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
