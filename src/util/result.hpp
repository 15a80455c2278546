#pragma once
// The error vocabulary: what a function returns when its caller can act on the failure.

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace patchmill {

// Why something failed, in the few classes that callers act on differently.
enum class ErrorKind {
  invalid,         // the input is wrong; trying again cannot help
  not_found,       // what was named does not exist
  conflict,        // it exists, but does not fit (a patch, a lock, a duplicate)
  limit,           // a bound of ours was exceeded (size, depth, count)
  infrastructure,  // disk, network, missing tool, killed: says nothing about the input
};

// Text a person can act on: what failed, on which input, and what to do.
struct Error {
  ErrorKind kind = ErrorKind::infrastructure;
  std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message)});
}

// Puts `what` and ": " before the message, keeping the kind.
inline tl::unexpected<Error> fail_with(std::string what, const Error& cause) {
  return fail(cause.kind, std::move(what) + ": " + cause.message);
}

}  // namespace patchmill

#define PM_CONCAT_(a, b) a##b
#define PM_CONCAT(a, b) PM_CONCAT_(a, b)

// Returns the error of `expr` (a Result) to the caller, if it has one.
#define PM_TRY(expr)                                           \
  do {                                                         \
    auto pm_try_result = (expr);                               \
    if (!pm_try_result) {                                      \
      return tl::unexpected(std::move(pm_try_result).error()); \
    }                                                          \
  } while (false)

// Declares `var` (e.g. `auto x` or `const int n`) with the value of `expr`, or returns its error.
#define PM_TRY_ASSIGN(var, expr) PM_TRY_ASSIGN_(var, expr, PM_CONCAT(pm_result_, __LINE__))
#define PM_TRY_ASSIGN_(var, expr, tmp)             \
  auto tmp = (expr);                               \
  if (!tmp) {                                      \
    return tl::unexpected(std::move(tmp).error()); \
  }                                                \
  var = std::move(*tmp)
