#include "service/blob_references.hpp"

#include "store/embedded_migrations.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace patchmill;

TEST_CASE("service::blob_columns: every column with names of blobs is among them") {
  std::set<std::string> listed, found;
  for (const auto& column : service::blob_columns()) {
    listed.insert(std::string(column.table) + "." + std::string(column.column));
  }
  for (const auto& migration : store::embedded_migrations()) {
    std::string table;
    for (const auto line : split_lines(migration.sql)) {
      const auto words = split(trim(line), ' ');
      if (line.starts_with("CREATE TABLE") || line.starts_with("ALTER TABLE")) {
        table = words.at(2);
      }
      for (const auto word : words) {
        if (word == "--") {
          break;
        }
        if (word.find("sha256") != std::string_view::npos ||
            word.find("blob_") != std::string_view::npos) {
          found.insert(table + "." + std::string(word));
        }
      }
    }
  }
  CHECK(found == listed);
}
