#include "intake/pipe.hpp"

#include "intake/mbox_splitter.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace patchmill::intake {
namespace {

class PipeSource final : public Source {
 public:
  PipeSource(int fd, std::string name) : m_fd(fd), m_name(std::move(name)) {}

  std::string name() const override { return m_name; }
  Result<void> resume(Positions&) override { return {}; }
  Result<std::optional<std::string>> next() override;
  std::function<void(store::Database&)> checkpoint() override {
    return [](store::Database&) {};
  }
  SourceProgress progress() const override { return {m_done ? 1u : 0u, 1}; }

 private:
  int m_fd;
  std::string m_name;
  bool m_done = false;
};

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

// "From <40 hex> Mon Sep 17 00:00:00 2001", as git format-patch writes it.
bool is_of_git(std::string_view from_line) {
  return from_line.ends_with(" Mon Sep 17 00:00:00 2001") ||
         from_line.ends_with(" Mon Sep 17 00:00:00 2001\r");
}

bool has_parts(std::string_view mail) {
  while (!mail.empty() && mail.front() != '\n' && mail.front() != '\r') {
    if (istarts_with(mail, "Content-Type:")) {
      return istarts_with(trim(first_line(mail).substr(13)), "multipart/");
    }
    mail.remove_prefix(std::min(first_line(mail).size() + 1, mail.size()));
  }
  return false;
}

// Who pipes an mbox means every mail of it. Refused only where nothing but that is possible: a mail
// may have such lines in its text, and parts of it are whole files of git format-patch.
Result<void> check_single(std::string_view input, std::string_view name) {
  const auto second = find_second_mail(input);
  if (!second) {
    return {};
  }
  const auto line = first_line(input);
  const auto other = first_line(input.substr(*second));
  const bool alike = is_of_git(other) ? is_of_git(line) : other.find('@') != other.npos;
  if (is_from_line(line) && alike && !has_parts(without_from_line(input))) {
    return fail(ErrorKind::invalid,
                fmt::format("{} holds more than one mail, the second from byte {} on; nothing was "
                            "stored: `patchmill import FILE` takes an mbox",
                            escape_terminal(name), *second));
  }
  if (!is_of_git(other)) {
    log::warning(
        "{}: the mail has what may be another one in its text, from byte {} on; if it is, "
        "`patchmill import FILE` takes an mbox",
        escape_terminal(name), *second);
  }
  return {};
}

Result<std::optional<std::string>> PipeSource::next() {
  if (std::exchange(m_done, true)) {
    return std::optional<std::string>();
  }
  // Read to the end even where no more is kept: a writer that gets SIGPIPE reports a failure.
  std::string mail;
  std::string buffer(std::size_t{1} << 16, '\0');
  while (true) {
    const auto n = ::read(m_fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("cannot read {}: {}", escape_terminal(m_name),
                              std::generic_category().message(errno)));
    }
    if (n == 0) {
      break;
    }
    const auto room = most_bytes_of_a_mail - std::min(most_bytes_of_a_mail, mail.size());
    mail.append(buffer, 0, std::min(room, static_cast<std::size_t>(n)));
  }
  PM_TRY(check_single(mail, m_name));
  return std::optional(std::string(without_from_line(mail)));
}

}  // namespace

std::unique_ptr<Source> open_pipe(int fd, std::string name) {
  return std::make_unique<PipeSource>(fd, std::move(name));
}

}  // namespace patchmill::intake
