#include "intake/mbox.hpp"

#include "intake/mbox_splitter.hpp"
#include "store/cursors.hpp"
#include "util/cancel.hpp"
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
#include <chrono>
#include <cstring>
#include <limits>
#include <system_error>
#include <thread>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t hashed_around_cursor = 4096;

// A file that has not changed for so long is not being written.
constexpr std::chrono::milliseconds stillness{1000};

std::string key_of_file(const fs::path& file) {
  return "mbox:" + file.string();
}

class MboxSource final : public Source {
 public:
  explicit MboxSource(fs::path file) : m_file(std::move(file)) {}
  MboxSource(fs::path file, Fd fd, MboxEnd end)
      : m_file(std::move(file)), m_fd(std::move(fd)), m_end(end) {}

  std::string name() const override { return m_file.string(); }
  Result<void> resume(Positions& positions) override;
  Result<std::optional<std::string>> next() override;
  std::function<void(store::Database&)> checkpoint() override;
  SourceProgress progress() const override { return {m_given, std::max(m_size, m_given)}; }
  Result<void> open();
  // Where a cursor points to in this file, if it was this file that was read.
  [[nodiscard]] std::optional<std::uint64_t> position_of(std::string_view cursor) const;

 private:
  Result<std::size_t> read_at(std::uint64_t offset, char* buffer, std::size_t size) const;
  Result<std::string> read_range(std::uint64_t from, std::uint64_t to) const;
  Result<std::string> mark(std::uint64_t offset) const;
  [[nodiscard]] bool ends_in_empty_line(std::uint64_t end) const;
  [[nodiscard]] bool is_being_written(std::uint64_t end) const;

  fs::path m_file;
  Fd m_fd;
  std::optional<MboxEnd> m_end;
  std::uint64_t m_size = 0;
  bool m_not_ours = false;  // not the file that was read, and no other is wanted
  std::uint64_t m_start = 0;
  std::string m_start_mark;
  std::uint64_t m_given = 0;  // where the mail after the last one given starts
  std::unique_ptr<MboxSplitter> m_splitter;
};

Result<std::size_t> MboxSource::read_at(std::uint64_t offset, char* buffer,
                                        std::size_t size) const {
  while (true) {
    const auto n = ::pread(m_fd.get(), buffer, size, static_cast<off_t>(offset));
    if (n >= 0) {
      return static_cast<std::size_t>(n);
    }
    if (errno != EINTR) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("cannot read {}: {}", escape_terminal(m_file.string()),
                              std::generic_category().message(errno)));
    }
  }
}

Result<std::string> MboxSource::read_range(std::uint64_t from, std::uint64_t to) const {
  std::string bytes(static_cast<std::size_t>(to - from), '\0');
  PM_TRY_ASSIGN(const std::size_t count, read_at(from, bytes.data(), bytes.size()));
  bytes.resize(count);
  return bytes;
}

// A hash of the beginning of the file and of what stands right before the offset: equal as long
// as the file only grows.
Result<std::string> MboxSource::mark(std::uint64_t offset) const {
  const auto length = std::min<std::uint64_t>(offset, hashed_around_cursor);
  PM_TRY_ASSIGN(const std::string head, read_range(0, length));
  PM_TRY_ASSIGN(const std::string tail, read_range(offset - length, offset));
  return sha256_hex(head + tail);
}

// Cursors are "OFFSET HASH".
std::optional<std::uint64_t> MboxSource::position_of(std::string_view cursor) const {
  const auto words = split(cursor, ' ');
  const auto offset = parse_uint(words.front());
  if (words.size() != 2 || !offset || *offset > m_size) {
    return std::nullopt;
  }
  const auto here = mark(*offset);
  const auto next = read_range(*offset, std::min(m_size, *offset + 16));
  if (!here || *here != words[1] || !next) {
    return std::nullopt;
  }
  // Some programs put the empty line before a mail rather than behind it.
  const auto start = std::min(next->size(), next->find_first_not_of("\r\n"));
  constexpr std::string_view from = "From ";
  const auto line = std::string_view(*next).substr(start, from.size());
  return from.starts_with(line) ? std::optional(*offset + start) : std::nullopt;
}

Result<void> MboxSource::open() {
  if (!m_fd.valid()) {
    m_fd = Fd(::open(m_file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  }
  struct stat info{};
  if (!m_fd.valid() || ::fstat(m_fd.get(), &info) != 0) {
    const auto kind = errno == ENOENT ? ErrorKind::not_found : ErrorKind::infrastructure;
    return fail(kind, fmt::format("cannot open {}: {}", escape_terminal(m_file.string()),
                                  std::generic_category().message(errno)));
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorKind::invalid, escape_terminal(m_file.string()) + " is not a regular file");
  }
  m_size = static_cast<std::uint64_t>(info.st_size);
  if (m_end) {
    m_size = std::min(m_size, m_end->size);
  }
  return {};
}

Result<void> MboxSource::resume(Positions& positions) {
  PM_TRY(open());
  const auto cursor = positions.cursor(key_of_file(m_file));
  const auto position = cursor ? position_of(*cursor) : std::nullopt;
  m_given = position.value_or(0);
  if (cursor && !position) {
    if (m_end && m_end->only_continued) {
      m_given = m_size;
      m_not_ours = true;
    } else {
      log::info("{} is not what it was when it was read last; reading it from the beginning",
                m_file.string());
    }
  }
  m_start = m_given;
  PM_TRY_ASSIGN(m_start_mark, mark(m_start));
  auto read = [this, at = m_given](char* buffer, std::size_t size) mutable -> Result<std::size_t> {
    if (CancelScope::called_off()) {  // a mail without end may be as long as the disk
      return fail(ErrorKind::infrastructure,
                  fmt::format("reading {} was called off", escape_terminal(m_file.string())));
    }
    const auto end = m_end ? m_size : std::numeric_limits<std::uint64_t>::max();
    auto count = read_at(at, buffer, std::min<std::uint64_t>(size, end - std::min(end, at)));
    at += count ? *count : 0;
    return count;
  };
  m_splitter = std::make_unique<MboxSplitter>(std::move(read), most_bytes_of_a_mail, m_given);
  return {};
}

bool MboxSource::ends_in_empty_line(std::uint64_t end) const {
  const auto last = read_range(end - std::min<std::uint64_t>(end, 3), end);
  return last && (last->ends_with("\n\n") || last->ends_with("\n\r\n"));
}

// Whether somebody appends to the file of which `end` bytes were read. Waits until that can be said
// where the last mail does not end as mails in an mbox do.
bool MboxSource::is_being_written(std::uint64_t end) const {
  const auto deadline = std::chrono::steady_clock::now() + stillness;
  while (true) {
    struct stat info{};
    if (::fstat(m_fd.get(), &info) != 0) {
      return false;
    }
    if (static_cast<std::uint64_t>(info.st_size) != end) {
      return true;
    }
    const auto changed = std::chrono::system_clock::from_time_t(info.st_mtim.tv_sec) +
                         std::chrono::milliseconds(info.st_mtim.tv_nsec / 1'000'000);
    const bool still = std::chrono::system_clock::now() - changed >= stillness;
    const bool whole = end == m_size && ends_in_empty_line(end);
    if (still || whole || std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Result<std::optional<std::string>> MboxSource::next() {
  auto mail = m_splitter->next();
  if (mail && *mail && m_end && m_end->leave_last && m_splitter->offset() >= m_size) {
    return std::optional<std::string>();  // whoever follows the file comes back
  }
  if (mail && *mail && !m_end && m_splitter->at_end() && is_being_written(m_splitter->offset())) {
    log::warning("the last mail of {} is still being written; the next import reads it",
                 m_file.string());
    return std::optional<std::string>();
  }
  m_given = m_splitter->offset();
  return mail;
}

std::function<void(store::Database&)> MboxSource::checkpoint() {
  const auto hash = mark(m_given);
  // A file that was truncated under our hands may hold other mails up to here by now.
  const auto start = mark(m_start);
  if (!hash || m_not_ours || !start || *start != m_start_mark) {
    return [](store::Database&) {};  // without a mark the next reading starts anew: only slower
  }
  return [key = key_of_file(m_file), value = fmt::format("{} {}", m_given, *hash)](
             store::Database& database) { store::set_cursor(database, key, value); };
}

}  // namespace

std::unique_ptr<Source> open_mbox(fs::path file) {
  return std::make_unique<MboxSource>(std::move(file));
}

std::unique_ptr<Source> open_mbox_part(fs::path file, Fd fd, MboxEnd end) {
  return std::make_unique<MboxSource>(std::move(file), std::move(fd), end);
}

Result<std::optional<std::uint64_t>> mbox_position(Positions& positions, const fs::path& file,
                                                   int fd) {
  const auto cursor = positions.cursor(key_of_file(file));
  if (!cursor) {
    return std::optional<std::uint64_t>();
  }
  Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot read {}: {}", escape_terminal(file.string()),
                            std::generic_category().message(errno)));
  }
  MboxSource source(file, std::move(copy), {std::numeric_limits<std::uint64_t>::max()});
  PM_TRY(source.open());
  return source.position_of(*cursor);
}

std::vector<std::string> split_mbox(std::string_view text) {
  auto read = [text](char* buffer, std::size_t size) mutable -> Result<std::size_t> {
    const auto piece = text.substr(0, size);
    std::memcpy(buffer, piece.data(), piece.size());
    text.remove_prefix(piece.size());
    return piece.size();
  };
  MboxSplitter splitter(std::move(read), most_bytes_of_a_mail);
  std::vector<std::string> mails;
  while (auto mail = splitter.next().value()) {
    mails.push_back(std::move(*mail));
  }
  return mails;
}

}  // namespace patchmill::intake
