#include "patchwork/dump.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace patchmill;
using patchwork::Dump;
using patchwork::DumpRow;

namespace {

struct DumpRead {
  std::vector<DumpRow> rows;
  std::string error;
  [[nodiscard]] std::string value(std::size_t row, std::string_view column) const {
    return row < rows.size() ? rows[row].text(column).value_or("NULL") : "no row";
  }
};

DumpRead read(const std::string& text) {
  DumpRead read;
  const bool is_json = text.starts_with('[') || text.starts_with('{');
  const auto done = (is_json ? patchwork::each_row_of_json : patchwork::each_row_of_sql)(
      text, [](std::string_view table) { return table == "patchwork_patch"; },
      [&](const DumpRow& row, std::size_t) -> Result<void> {
        read.rows.push_back(row);
        return {};
      });
  read.error = done ? "" : done.error().message;
  return read;
}

const std::string k_sqlite = R"(PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "patchwork_patch" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(255) NOT NULL CHECK ("name" <> '),('), "content" text NULL, "project_id" integer NOT NULL REFERENCES "patchwork_project" ("id") DEFERRABLE, UNIQUE ("name"));
INSERT INTO other VALUES(1,'it''s; no');
INSERT INTO patchwork_patch VALUES(7,'it''s C:\new',replace(replace('a\nb\r','\n',char(10)),'\r',char(13)),2);
INSERT INTO patchwork_patch VALUES(8,unistr('x\u000ay\\'),NULL,2);
CREATE INDEX "x" ON "patchwork_patch" ("name");
COMMIT;
)";

const std::string k_mysql = R"(-- MySQL dump 10.13
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `patchwork_patch`;
CREATE TABLE `patchwork_patch` (
  `id` int NOT NULL AUTO_INCREMENT,
  `name` varchar(255) COLLATE utf8mb4_unicode_ci NOT NULL COMMENT 'it\'s, a name',
  `content` longtext,
  `project_id` int NOT NULL,
  PRIMARY KEY (`id`),
  KEY `patchwork_patch_project_id` (`project_id`),
  CONSTRAINT `c` FOREIGN KEY (`project_id`) REFERENCES `patchwork_project` (`id`)
) ENGINE=InnoDB;
LOCK TABLES `patchwork_patch` WRITE;
INSERT INTO `patchwork_patch` VALUES (7,'it\'s C:\\new','a\nb\r',2),(8,_binary 'x\ny\\',NULL,2);
UNLOCK TABLES;
)";

const std::string k_copy =
    "\\restrict abc\nSET standard_conforming_strings = on;\n"
    "CREATE TABLE public.patchwork_patch (\n    id integer NOT NULL\n);\n"
    "COPY public.other (id, text) FROM stdin;\n1\tit's; \"no\n\\.\n\n"
    "COPY public.patchwork_patch (id, name, content, project_id) FROM stdin;\n"
    "7\tit's C:\\\\new\ta\\nb\\r\t2\n8\tx\\ny\\\\\t\\N\t2\n\\.\n\nSELECT 1;\n";

const std::string k_inserts =
    "INSERT INTO public.patchwork_patch (id, name, content, project_id) VALUES (7, 'it''s C:\\new',"
    " E'a\\nb\\r', 2);\n"
    "INSERT INTO public.patchwork_patch (id, name, content, project_id) OVERRIDING SYSTEM VALUE"
    " VALUES (8, 'x\ny\\', NULL, 2);\n";

const std::string k_json = R"([
{"model": "auth.user", "pk": 1, "fields": {"username": "}]\"{"}},
{"model": "patchwork.patch", "pk": 7, "fields":
  {"name": "it's C:\\new", "content": "a\nb\r", "project": 2, "archived": true}},
{"model": "patchwork.patch", "pk": 8, "fields": {"name": "x\ny\\", "content": null, "project": 2}}
])";

}  // namespace

TEST_CASE("patchwork::Dump::each: the same rows, whatever tool wrote them") {
  for (const auto& text : {k_sqlite, k_mysql, k_copy, k_inserts, k_json}) {
    CAPTURE(text.substr(0, 60));
    const auto found = read(text);
    CHECK(found.error == "");
    REQUIRE(found.rows.size() == 2);
    CHECK(found.rows[0].table == "patchwork_patch");
    CHECK(found.rows[0].number("id") == 7);
    CHECK(found.value(0, "name") == "it's C:\\new");
    CHECK(found.value(0, "content") == "a\nb\r");
    CHECK(found.rows[0].number("project") == 2);
    CHECK(found.rows[1].number("id") == 8);
    CHECK(found.value(1, "name") == "x\ny\\");
    CHECK_FALSE(found.rows[1].text("content"));
  }
}

TEST_CASE("patchwork::Dump::each: JSONL, and what is of many") {
  const std::string lines =
      R"({"model": "patchwork.userprofile", "pk": 3, "fields": {"user": 9, "maintainer_projects": [1, 2]}})"
      "\n"
      R"({"model": "patchwork.userprofile", "pk": 4, "fields": {"user": 10, "maintainer_projects": []}})";
  const TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "dump", lines));
  const auto dump = Dump::open(folder.path() / "dump");
  REQUIRE(dump);
  std::string found;
  REQUIRE(dump->each([](std::string_view) { return true; },
                     [&](const DumpRow& row, std::size_t) -> Result<void> {
                       found += fmt::format("{} {} {} {}; ", row.table, row.number("user"),
                                            row.number("userprofile"), row.number("project"));
                       return {};
                     }));
  CHECK(found ==
        "patchwork_userprofile 9 0 0; patchwork_userprofile_maintainer_projects 0 3 1; "
        "patchwork_userprofile_maintainer_projects 0 3 2; patchwork_userprofile 10 0 0; ");
}

TEST_CASE("patchwork::Dump::each: cut off anywhere, it says so or has fewer rows, and ends") {
  for (const auto& text : {k_sqlite, k_mysql, k_copy, k_inserts, k_json}) {
    for (std::size_t length = 0; length < text.size(); ++length) {
      const auto found = read(text.substr(0, length));
      CAPTURE(text.substr(0, length));
      CHECK(found.rows.size() <= 2);
      // Not even a row that is cut off itself is told.
      for (std::size_t row = 0; row < found.rows.size(); ++row) {
        CHECK(found.rows[row].number("project") == 2);
      }
    }
  }
  CHECK(read(k_copy.substr(0, k_copy.find("8\tx"))).error.find("complete") != std::string::npos);
  CHECK(read(k_mysql.substr(0, k_mysql.find("_binary") + 12)).error.find("complete") !=
        std::string::npos);
  CHECK(read(k_json.substr(0, k_json.size() - 3)).error.find("complete") != std::string::npos);
}

TEST_CASE("patchwork::Dump::each: what is no dump is refused with the place") {
  CHECK(read("hello").error.find("no dump") != std::string::npos);
  CHECK(read("").error.find("no dump") != std::string::npos);
  CHECK(read("[1, 2]").error.find("byte 1") != std::string::npos);
  CHECK(read(R"([{"a": 1}])").error.find("model") != std::string::npos);
  CHECK(read("INSERT INTO patchwork_patch VALUES (1);").error.find("columns") != std::string::npos);
  CHECK(read("INSERT INTO patchwork_patch (id, name) VALUES (1);").error.find("1 values") !=
        std::string::npos);
  CHECK(read("INSERT INTO patchwork_patch (id) VALUES (load_file('/etc/passwd'));")
            .error.find("load_file") != std::string::npos);
  std::string deep = "1";
  for (int i = 0; i < 1000; ++i) {
    deep = "char(" + deep + ")";
  }
  CHECK(read("INSERT INTO patchwork_patch (id) VALUES (" + deep + ");").error != "");
  CHECK(read("[" + std::string(100'000, '[')).error != "");
}

TEST_CASE("patchwork::Dump::open: packed files and folders are named as such") {
  const TempDir folder;
  const auto path = folder.path() / "dump";
  REQUIRE(write_file_atomic(path, std::string("\x1f\x8b\x08", 3)));
  const auto packed = Dump::open(path);
  REQUIRE_FALSE(packed);
  CHECK(packed.error().message.find("gunzip") != std::string::npos);
  CHECK_FALSE(Dump::open(folder.path()));
  CHECK_FALSE(Dump::open(folder.path() / "nothing"));
}

TEST_CASE("patchwork::DumpRow: what a value is read as") {
  const DumpRow row{"t",
                    {"a", "b", "c", "d", "e"},
                    {"t", "-1", std::string("\xff\0", 2), "99999999999999999999", std::nullopt}};
  CHECK(row.truth("a") == true);
  CHECK(row.number("b") == 0);
  CHECK(row.text("c") == "\xc3\xbf\xef\xbf\xbd");
  CHECK(row.number("d") == 0);
  CHECK_FALSE(row.truth("e"));
  CHECK_FALSE(row.text("f"));
}
