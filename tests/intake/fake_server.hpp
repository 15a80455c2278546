#pragma once
// What servers in memory have in common: they answer lines, and fail on the way when told to.

#include "intake/connection.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchmill::test {

// Shared by all connections; guarded by the mutex.
struct FakeServer {
  std::mutex mutex;
  // The connection that is cut after so many bytes (0: the first one).
  int cut_connection = -1;
  std::size_t cut_after = 0;
  // Replaces the n-th thing the server says on the first connection.
  std::optional<std::pair<std::size_t, std::string>> replacement;

  int connections = 0;
  std::vector<std::string> commands;
  std::size_t bytes_sent = 0;  // of the first connection
};

class FakeStream : public intake::ByteStream {
 public:
  FakeStream(FakeServer& server, intake::Waiter& waiter) : m_waiter(waiter), m_common(server) {
    const std::lock_guard lock(m_common.mutex);
    m_number = m_common.connections++;
  }
  Result<void> write(std::string_view data) override {
    const std::lock_guard lock(m_common.mutex);
    m_in += data;
    for (auto end = m_in.find("\r\n"); end != std::string::npos; end = m_in.find("\r\n")) {
      const auto line = m_in.substr(0, end);
      m_in.erase(0, end + 2);
      handle(line);
    }
    return {};
  }
  Result<std::size_t> read(char* buffer, std::size_t size) override {
    const std::lock_guard lock(m_common.mutex);
    if (m_waiter.stopped()) {
      return fail(ErrorKind::infrastructure, "stopped");
    }
    if (!anything_to_read()) {
      return fail(ErrorKind::infrastructure, "the server did not answer");
    }
    const auto count = std::min({size, m_out.size(), std::size_t{29}});  // in pieces; cut: 0
    std::copy_n(m_out.data(), count, buffer);
    m_out.erase(0, count);
    return count;
  }

 protected:
  // A command; the mutex is held.
  virtual void handle(const std::string& line) = 0;
  void say_one(std::string text) {
    if (m_cut) {
      return;
    }
    if (m_number == 0 && m_common.replacement && m_common.replacement->first == m_said++) {
      text = m_common.replacement->second;
    }
    if (m_number == 0) {
      m_common.bytes_sent += text.size();
    }
    if (m_number == m_common.cut_connection && m_sent + text.size() >= m_common.cut_after) {
      text.resize(m_common.cut_after - std::min(m_common.cut_after, m_sent));
      m_cut = true;
    }
    m_sent += text.size();
    m_out += text;
  }
  [[nodiscard]] bool anything_to_read() const { return !m_out.empty() || m_cut; }

  intake::Waiter& m_waiter;

 private:
  FakeServer& m_common;
  int m_number = 0;
  bool m_cut = false;
  std::string m_in, m_out;
  std::size_t m_sent = 0, m_said = 0;
};

}  // namespace patchmill::test
