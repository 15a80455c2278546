#include "http/gzip.hpp"

#include "util/text.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>

namespace patchmill::http {

std::string gzip(std::string_view data, int level) {
  z_stream stream{};
  // 16 more than the largest window asks for the gzip format.
  if (::deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string packed;
  std::array<char, 16384> buffer{};
  int status = Z_OK;
  do {
    if (stream.avail_in == 0) {
      const auto piece = data.substr(0, 1u << 30);
      // zlib does not write through next_in, whatever its type says.
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
      stream.avail_in = static_cast<uInt>(piece.size());
      data.remove_prefix(piece.size());
    }
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    status = ::deflate(&stream, data.empty() ? Z_FINISH : Z_NO_FLUSH);
    packed.append(buffer.data(), buffer.size() - stream.avail_out);
  } while (status == Z_OK || status == Z_BUF_ERROR);
  ::deflateEnd(&stream);
  if (status != Z_STREAM_END) {
    throw std::logic_error("zlib refused to compress");
  }
  return packed;
}

bool is_compressible(std::string_view content_type) {
  const std::string type = to_lower(trim(content_type.substr(0, content_type.find(';'))));
  static constexpr std::array more = {
      std::string_view("application/json"),    std::string_view("application/javascript"),
      std::string_view("application/xml"),     std::string_view("application/atom+xml"),
      std::string_view("image/svg+xml"),       std::string_view("application/mbox"),
      std::string_view("application/ld+json"), std::string_view("application/manifest+json"),
  };
  return (type.starts_with("text/") && type != "text/event-stream") ||
         std::find(more.begin(), more.end(), type) != more.end();
}

}  // namespace patchmill::http
