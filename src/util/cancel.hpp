#pragma once
// Calling off the child processes of a thread that waits for them.

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

 private:
  int m_before;
};

}  // namespace patchmill
