#pragma once
// What a running job has printed so far, in a file that anybody may read meanwhile.

#include "util/fd.hpp"

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace patchmill::app {

class LiveLog {
 public:
  // Files are `folder`/NODE.log. Trouble with them is no trouble of the job: they are only a view.
  explicit LiveLog(std::filesystem::path folder) : m_folder(std::move(folder)) {}
  ~LiveLog() { end(); }
  LiveLog(const LiveLog&) = delete;
  LiveLog& operator=(const LiveLog&) = delete;

  void begin(std::int64_t node);
  void add(std::string_view text);
  void end();  // removes the file: the log is kept with the node from now on

  // Those that a process left behind which died.
  static void remove_all(const std::filesystem::path& folder);

 private:
  std::filesystem::path m_folder, m_file;
  Fd m_fd;
};

}  // namespace patchmill::app
