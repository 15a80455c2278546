#pragma once
// Where patchmill is root, every run gets a user id of its own that owns nothing else.

#include "util/file.hpp"
#include "util/result.hpp"

#include <filesystem>
#include <optional>

namespace patchmill::runtimes {

inline constexpr unsigned first_run_uid = 200000;
inline constexpr unsigned run_uid_count = 1000;

// A user id (and group id of the same number) nobody else uses as long as this object lives.
class RunUid {
 public:
  // Prefers the owner of `warm` (so that its files need not change hands) where that is one of
  // ours and free. Error limit when all are taken.
  static Result<RunUid> acquire(const std::filesystem::path& warm);
  [[nodiscard]] unsigned id() const { return m_id; }

 private:
  RunUid(unsigned id, LockFile lock) : m_id(id), m_lock(std::move(lock)) {}
  unsigned m_id;
  LockFile m_lock;
};

}  // namespace patchmill::runtimes
