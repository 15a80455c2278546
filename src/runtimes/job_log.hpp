#pragma once
// What a job printed, in a file without a name: a log may be larger than memory should be.

#include "findings/log_lines.hpp"
#include "util/fd.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace patchmill::runtimes {

// Copies share the file, which goes with the last of them.
class JobLog {
 public:
  JobLog() = default;  // empty; its file is made in the system's temporary folder when needed
  static Result<JobLog> make(const std::filesystem::path& folder);

  // False: it could not be written, the disk is full.
  bool append(std::string_view text);
  [[nodiscard]] std::uint64_t size() const { return m_size; }
  // From the beginning, read piece by piece as they are asked for; the log outlives them.
  [[nodiscard]] findings::LogLines lines() const;
  // At most `most` bytes from `offset` on.
  [[nodiscard]] std::string text(std::uint64_t offset, std::size_t most) const;
  // Can be opened as long as the log lives.
  [[nodiscard]] std::filesystem::path path() const;

 private:
  std::shared_ptr<const Fd> m_file;
  std::uint64_t m_size = 0;
};

}  // namespace patchmill::runtimes
