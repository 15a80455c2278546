#pragma once
// Styles, scripts and pictures of the pages: in memory, compressed once, named by their content.

#include "http/message.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace patchmill::http {

class AssetSet {
 public:
  // Bytes that live as long as the program (embedded ones), with what was compressed at build;
  // empty: gzip is made now, brotli is not offered.
  void add(std::string path, std::string_view bytes, std::string_view gzip = {},
           std::string_view brotli = {});
  // Every regular file below `folder` (no symbolic links), over those of the same path: for
  // development. Error when it cannot be read, or has files over 16 MiB or 128 MiB in all.
  Result<void> add_folder(const std::filesystem::path& folder);

  // "/static/style.css?v=0123456789ab" for prefix "/static/": may be cached for ever. Throws
  // std::out_of_range when there is no such asset: a bug in a page.
  [[nodiscard]] std::string url(std::string_view prefix, std::string_view path) const;
  // For a route "/static/{path...}".
  [[nodiscard]] Response respond(const Request& request, std::string_view path) const;

 private:
  struct Asset {
    std::string content_type, version;
    SharedBytes plain, gzip, brotli;
  };
  void put(std::string path, Asset asset);
  std::map<std::string, Asset, std::less<>> m_assets;
};

}  // namespace patchmill::http
