#pragma once
// Whether this program was built with AddressSanitizer or ThreadSanitizer: memory says nothing
// then, and what is many times slower may be asked for less.

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PATCHMILL_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PATCHMILL_SANITIZED 1
#endif

namespace patchmill {

#ifdef PATCHMILL_SANITIZED
inline constexpr bool k_sanitized = true;
#else
inline constexpr bool k_sanitized = false;
#endif

}  // namespace patchmill
