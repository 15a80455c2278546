#pragma once
// The long-lived `git cat-file --batch-command` child behind a repository.

#include "git/object_id.hpp"
#include "util/result.hpp"
#include "util/subprocess.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace patchmill::git {

struct ObjectHeader {
  ObjectId id;
  std::string type;
  std::size_t size = 0;
};

// Thread-safe. A child that died is started again, once a request.
class BatchReader {
 public:
  BatchReader(std::string git_dir, std::map<std::string, std::string> env);

  // not_found: no such object, or an ambiguous abbreviation. invalid: a name git could misread.
  Result<ObjectHeader> info(std::string_view name);
  // limit: the object is larger than `max_bytes`.
  Result<ObjectHeader> contents(std::string_view name, std::string& data, std::size_t max_bytes);

  // Ends the child; the next request starts one that sees new alternates.
  void restart();

 private:
  Result<ObjectHeader> request(std::string_view verb, std::string_view name, std::string* data,
                               std::size_t max_bytes);
  [[nodiscard]] std::string why_missing(std::string_view name) const;
  Result<ObjectHeader> ask(const std::string& line, std::string_view name, std::string* data,
                           std::size_t max_bytes);

  std::string m_git_dir;
  std::map<std::string, std::string> m_env;
  std::mutex m_mutex;
  std::unique_ptr<ChildProcess> m_child;
  bool m_started_without_lender = false;
};

}  // namespace patchmill::git
