#include "intake/maildir.hpp"

#include "store/cursors.hpp"
#include "util/fd.hpp"
#include "util/hash.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

// File names are bytes, the store wants text.
std::string storable(const std::string& name) {
  return is_valid_utf8(name) ? name : "sha256:" + sha256_hex(name);
}

std::string key_of_folder(const fs::path& folder) {
  return "maildir:" + folder.string();
}

Result<void> list(const fs::path& folder, std::map<std::string, fs::path>& files) {
  std::error_code error;
  fs::directory_iterator it(folder, error);
  for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with('.')) {
      files.insert_or_assign(unique_part(name), it->path());
    }
  }
  if (error) {
    return fail(
        ErrorKind::infrastructure,
        fmt::format("cannot list {}: {}", escape_terminal(folder.string()), error.message()));
  }
  return {};
}

class MaildirSource final : public Source {
 public:
  explicit MaildirSource(fs::path folder) : m_folder(std::move(folder)) {}
  MaildirSource(fs::path folder, std::vector<MaildirFile> files)
      : m_folder(std::move(folder)), m_files(std::move(files)), m_listed(true) {}

  std::string name() const override { return m_folder.string(); }
  Result<void> resume(Positions& positions) override;
  Result<std::optional<std::string>> next() override;
  std::function<void(store::Database&)> checkpoint() override;
  SourceProgress progress() const override { return {m_next, m_files.size()}; }
  std::vector<Error> take_left_out() override { return std::exchange(m_left_out, {}); }

 private:
  Result<std::optional<std::string>> read(const MaildirFile& file) const;
  [[nodiscard]] std::optional<fs::path> find_moved(const std::string& unique) const;

  fs::path m_folder;
  std::vector<MaildirFile> m_files;  // unread ones, by name
  bool m_listed = false;             // the files were given
  std::size_t m_next = 0;
  std::vector<std::string> m_given;  // names since the last checkpoint
  std::vector<Error> m_left_out;
};

Result<void> MaildirSource::resume(Positions& positions) {
  if (!m_listed) {
    PM_TRY_ASSIGN(auto files, list_maildir(m_folder));
    m_files = unread_files(positions, m_folder, std::move(files), true);
  }
  return {};
}

// A mail reader may have set flags or moved the file since it was listed.
std::optional<fs::path> MaildirSource::find_moved(const std::string& unique) const {
  std::map<std::string, fs::path> files;
  if (!list(m_folder / "new", files) || !list(m_folder / "cur", files)) {
    return std::nullopt;
  }
  const auto it = files.find(unique);
  return it != files.end() ? std::optional(it->second) : std::nullopt;
}

Result<std::optional<std::string>> MaildirSource::read(const MaildirFile& file) const {
  constexpr int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  Fd fd(::open(file.path.c_str(), flags));
  if (!fd.valid() && errno == ENOENT) {
    const auto moved = find_moved(file.unique);
    if (!moved) {
      return std::optional<std::string>();  // deleted
    }
    fd = Fd(::open(moved->c_str(), flags));
  }
  struct stat info{};
  if (fd.valid() && ::fstat(fd.get(), &info) == 0 && !S_ISREG(info.st_mode)) {
    log::warning("{} is not a regular file; left out", file.path.string());
    return std::optional<std::string>();
  }
  if (!fd.valid() && errno == ELOOP) {
    log::warning("{} is a symbolic link; left out", file.path.string());
    return std::optional<std::string>();
  }
  std::string mail;
  ssize_t n = fd.valid() ? 1 : -1;
  while (n > 0 && mail.size() < most_bytes_of_a_mail) {
    const auto used = mail.size();
    const auto step =
        std::min(used == 0 ? static_cast<std::size_t>(info.st_size) + 1 : std::size_t{1} << 20,
                 most_bytes_of_a_mail - used);
    mail.resize(used + step);
    do {
      n = ::read(fd.get(), mail.data() + used, step);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
      break;  // with errno as read() left it
    }
    mail.resize(used + static_cast<std::size_t>(n));
  }
  if (n < 0) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot read {}: {}", escape_terminal(file.path.string()),
                            std::generic_category().message(errno)));
  }
  const auto stripped = without_from_line(mail);
  return std::optional(stripped.size() == mail.size() ? std::move(mail) : std::string(stripped));
}

Result<std::optional<std::string>> MaildirSource::next() {
  while (m_next < m_files.size()) {
    auto& file = m_files[m_next++];
    auto mail = read(file);
    if (!mail) {
      m_left_out.push_back(std::move(mail).error());
      continue;
    }
    m_given.push_back(storable(file.unique));
    if (*mail) {
      return mail;
    }
  }
  return std::optional<std::string>();
}

std::function<void(store::Database&)> MaildirSource::checkpoint() {
  return [key = key_of_folder(m_folder), names = std::exchange(m_given, {})](
             store::Database& database) { store::add_read_names(database, key, names); };
}

}  // namespace

std::string unique_part(const std::string& file_name) {
  return file_name.substr(0, file_name.find(':'));
}

Result<std::vector<MaildirFile>> list_maildir(const fs::path& folder) {
  // new/ first: a mail that is moved to cur/ meanwhile is seen at least once.
  std::map<std::string, fs::path> files;
  PM_TRY(list(folder / "new", files));
  PM_TRY(list(folder / "cur", files));
  std::vector<MaildirFile> result;
  result.reserve(files.size());
  for (auto& [unique, path] : files) {
    result.push_back({unique, std::move(path)});
  }
  return result;
}

std::vector<MaildirFile> unread_files(Positions& positions, const fs::path& folder,
                                      std::vector<MaildirFile> files, bool all) {
  const auto key = key_of_folder(folder);
  std::vector<std::string> names;
  for (const auto& file : files) {
    names.push_back(storable(file.unique));
  }
  std::unordered_set<std::string> unread;
  if (all) {
    std::unordered_set<std::string> present(names.begin(), names.end());
    std::vector<std::string> gone;
    unread = present;
    for (auto& name : positions.read_names(key)) {
      unread.erase(name);
      if (!present.contains(name)) {
        gone.push_back(std::move(name));
      }
    }
    positions.forget_names(key, gone);
  } else {
    for (auto& name : positions.unread(key, names)) {
      unread.insert(std::move(name));
    }
  }
  std::vector<MaildirFile> result;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (unread.contains(names[i])) {
      result.push_back(std::move(files[i]));
    }
  }
  return result;
}

std::unique_ptr<Source> open_maildir(fs::path folder) {
  return std::make_unique<MaildirSource>(std::move(folder));
}

std::unique_ptr<Source> open_maildir_files(fs::path folder, std::vector<MaildirFile> files) {
  return std::make_unique<MaildirSource>(std::move(folder), std::move(files));
}

}  // namespace patchmill::intake
