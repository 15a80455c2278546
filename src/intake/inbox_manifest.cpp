#include "intake/inbox_manifest.hpp"

#include "util/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <zlib.h>

#include <array>
#include <optional>

namespace patchmill::intake {
namespace {

constexpr std::size_t longest_manifest = std::size_t{64} << 20;

Result<std::string> gunzip(std::string_view gzipped) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 32) != Z_OK) {  // gzip or zlib
    return fail(ErrorKind::infrastructure, "zlib cannot be used");
  }
  std::string out;
  std::array<char, 65536> piece{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzipped.data()));
  stream.avail_in = static_cast<uInt>(gzipped.size());
  int status = Z_OK;
  while (status == Z_OK && out.size() <= longest_manifest) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    status = inflate(&stream, Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.size() > longest_manifest) {
    return fail(ErrorKind::limit, "the manifest is larger than any real one");
  }
  if (status != Z_STREAM_END) {
    return fail(ErrorKind::invalid, "the manifest is no gzip file, or only a part of one");
  }
  return out;
}

// "/ltp/git/3.git" and "/ltp/3" are epochs of ltp, "/ltp" is all of it.
std::optional<int> epoch_of(std::string_view path, std::string_view inbox) {
  while (path.starts_with('/')) {
    path.remove_prefix(1);
  }
  const auto parts = split(path, '/');
  if (parts.back() == inbox) {
    return -1;
  }
  auto last = parts.back();
  if (last.ends_with(".git")) {
    last.remove_suffix(4);
  }
  auto before = parts.size();
  before -= parts.size() >= 2 && parts[parts.size() - 2] == "git" ? 2u : 1u;
  const auto number = parse_uint(last);
  const bool ours = before == 0 || parts[before - 1] == inbox;
  return ours && number && *number < most_epochs ? std::optional(static_cast<int>(*number))
                                                 : std::nullopt;
}

}  // namespace

Result<InboxManifest> read_manifest(std::string_view gzipped, std::string_view inbox) {
  PM_TRY_ASSIGN(const std::string text, gunzip(gzipped));
  boost::json::error_code error;
  const auto json = boost::json::parse(text, error);
  if (error || !json.is_object()) {
    return fail(ErrorKind::invalid, "the manifest is no JSON object");
  }
  InboxManifest manifest;
  for (const auto& [path, entry] : json.as_object()) {
    const auto epoch = epoch_of(path, inbox);
    if (epoch && entry.is_object()) {
      // Without a fingerprint everything that is told counts.
      const auto* print = entry.as_object().if_contains("fingerprint");
      manifest[*epoch] = print != nullptr && print->is_string() ? std::string(print->as_string())
                                                                : boost::json::serialize(entry);
    }
  }
  return manifest;
}

}  // namespace patchmill::intake
