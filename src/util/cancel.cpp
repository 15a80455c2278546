#include "util/cancel.hpp"

#include <utility>

namespace patchmill {
namespace {

thread_local int current_fd = -1;

}  // namespace

CancelScope::CancelScope(int fd) : m_before(std::exchange(current_fd, fd)) {}

CancelScope::~CancelScope() {
  current_fd = m_before;
}

int CancelScope::current() {
  return current_fd;
}

}  // namespace patchmill
