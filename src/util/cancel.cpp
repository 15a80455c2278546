#include "util/cancel.hpp"

#include <poll.h>

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

bool CancelScope::called_off() {
  pollfd polled{current_fd, POLLIN, 0};
  return current_fd >= 0 && ::poll(&polled, 1, 0) > 0;
}

}  // namespace patchmill
