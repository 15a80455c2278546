#include "http/assets.hpp"

#include "http/gzip.hpp"
#include "util/file.hpp"
#include "util/hash.hpp"

#include <stdexcept>

namespace patchmill::http {
namespace {

constexpr std::size_t k_file_limit = 16u << 20;
constexpr std::size_t k_folder_limit = 128u << 20;

SharedBytes keep(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const std::string_view view = *owner;
  return {std::move(owner), view};
}

}  // namespace

void AssetSet::put(std::string path, Asset asset) {
  asset.content_type = content_type_of(path);
  asset.version = sha256_hex(asset.plain.bytes).substr(0, 12);
  if (asset.gzip.bytes.empty() && is_compressible(asset.content_type)) {
    std::string packed = http::gzip(asset.plain.bytes, 9);
    if (packed.size() < asset.plain.bytes.size()) {
      asset.gzip = keep(std::move(packed));
    }
  }
  m_assets.insert_or_assign(std::move(path), std::move(asset));
}

void AssetSet::add(std::string path, std::string_view bytes, std::string_view gzip,
                   std::string_view brotli) {
  Asset asset;
  asset.plain = {nullptr, bytes};
  asset.gzip = {nullptr, gzip};
  asset.brotli = {nullptr, brotli};
  put(std::move(path), std::move(asset));
}

Result<void> AssetSet::add_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::size_t total = 0;
  std::filesystem::recursive_directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::recursive_directory_iterator();
       entries.increment(error)) {
    if (!entries->is_regular_file() || entries->is_symlink()) {
      continue;
    }
    PM_TRY_ASSIGN(auto bytes, read_file(entries->path(), k_file_limit));
    total += bytes.size();
    if (total > k_folder_limit) {
      return fail(ErrorKind::limit, folder.string() + " holds more than 128 MiB of assets");
    }
    Asset asset;
    asset.plain = keep(std::move(bytes));
    put(entries->path().lexically_relative(folder).generic_string(), std::move(asset));
  }
  if (error) {
    return fail(ErrorKind::infrastructure,
                "the assets in " + folder.string() + " cannot be read: " + error.message());
  }
  return {};
}

std::string AssetSet::url(std::string_view prefix, std::string_view path) const {
  const auto found = m_assets.find(path);
  if (found == m_assets.end()) {
    throw std::out_of_range("there is no asset '" + std::string(path) + "'");
  }
  return std::string(prefix) + percent_encode(path, true) + "?v=" + found->second.version;
}

Response AssetSet::respond(const Request& request, std::string_view path) const {
  const auto found = m_assets.find(path);
  if (found == m_assets.end()) {
    return Response::error(404, "there is no such file");
  }
  const Asset& asset = found->second;
  Response response;
  response.headers.add("Content-Type", asset.content_type);
  response.headers.add("ETag", "\"" + asset.version + "\"");
  response.headers.add("Cache-Control", request.query.get("v") == asset.version
                                            ? "public, max-age=31536000, immutable"
                                            : "no-cache");
  response.body = asset.plain;
  if (!asset.brotli.bytes.empty()) {
    response.variants.push_back({"br", asset.brotli});
  }
  if (!asset.gzip.bytes.empty()) {
    response.variants.push_back({"gzip", asset.gzip});
  }
  response.compress = false;
  return response;
}

}  // namespace patchmill::http
