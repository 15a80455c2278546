#include "tracker/compression.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <memory>

namespace patchmill::tracker {

namespace {
// Below this a page of the store is not saved anyway.
constexpr std::size_t least_worth = 2048;
constexpr int level = 1;

using Compressor = std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)>;
}  // namespace

std::optional<std::string> compress(std::string_view content) {
  if (content.size() < least_worth) {
    return std::nullopt;
  }
  // Making a context costs more than compressing a mail with it.
  thread_local const Compressor compressor(ZSTD_createCCtx(), ZSTD_freeCCtx);
  std::string packed(ZSTD_compressBound(content.size()), '\0');
  const std::size_t size = ZSTD_compressCCtx(compressor.get(), packed.data(), packed.size(),
                                             content.data(), content.size(), level);
  if (ZSTD_isError(size) != 0U || size > content.size() - content.size() / 8) {
    return std::nullopt;
  }
  packed.resize(size);
  return packed;
}

Result<std::string> decompress(std::string_view content, std::size_t max) {
  const unsigned long long size = ZSTD_getFrameContentSize(content.data(), content.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return fail(ErrorKind::invalid, "the stored mail is damaged: no zstd frame");
  }
  if (size > max) {
    return fail(
        ErrorKind::limit,
        fmt::format("the stored mail is damaged: it claims {} bytes of at most {}", size, max));
  }
  std::string text(static_cast<std::size_t>(size), '\0');
  const std::size_t got = ZSTD_decompress(text.data(), text.size(), content.data(), content.size());
  if (ZSTD_isError(got) != 0U || got != text.size()) {
    return fail(ErrorKind::invalid, "the stored mail is damaged: its zstd frame does not unpack");
  }
  return text;
}

}  // namespace patchmill::tracker
