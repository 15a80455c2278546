#pragma once
// The way of a job's output: counted, cut at a bound, and handed on as it comes.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace patchmill::runtimes {

class LogPump {
 public:
  // `on_text` gets valid UTF-8 without NUL; a character is never split between two calls.
  // `max_bytes` 0: no bound.
  LogPump(std::uint64_t max_bytes, std::function<void(std::string_view)> on_text);

  // False from the moment the bound is reached: the rest is thrown away.
  bool push(std::string_view bytes);
  // The end: an unfinished character is handed on as what it is.
  void finish();
  [[nodiscard]] bool cut() const { return m_cut; }

 private:
  void emit(std::string_view bytes);

  std::uint64_t m_max;
  std::function<void(std::string_view)> m_on_text;
  std::uint64_t m_seen = 0;
  std::string m_pending;  // the start of a character whose rest has not come yet
  bool m_cut = false;
};

}  // namespace patchmill::runtimes
