#include "intake/pipe.hpp"

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
  return std::optional(std::string(without_from_line(mail)));
}

}  // namespace

std::unique_ptr<Source> open_pipe(int fd, std::string name) {
  return std::make_unique<PipeSource>(fd, std::move(name));
}

}  // namespace patchmill::intake
