#pragma once
// Calling off what a thread does: the child processes it waits for, and long work.

namespace patchmill {

// While it lives, processes that this thread waits for are killed as soon as the descriptor is
// readable (an eventfd, say): SystemProcessRunner::run() returns with Completed::cancelled, and
// reading from a ChildProcess is an error. Scopes nest; the inner one counts.
class CancelScope {
 public:
  explicit CancelScope(int fd);  // outlives the scope
  ~CancelScope();
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;
  // The descriptor that counts on this thread now, or -1.
  [[nodiscard]] static int current();
  // Whether that is readable: work of this thread that waits for nothing may ask now and then.
  [[nodiscard]] static bool called_off();

 private:
  int m_before;
};

}  // namespace patchmill
