#include "store/bulk_insert.hpp"

#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

using namespace patchmill;

TEST_CASE("store::BulkInsert: any number of rows, in order, with text of their own") {
  test::on_each_engine(
      [](test::TestStore& store) {
        store::Database& database = store.database();
        database.execute_script("CREATE TABLE t (a BIGINT, b TEXT, c BIGINT)");
        for (const int rows : {0, 1, 7, 8, 9, 64, 65, 150}) {
          CAPTURE(rows);
          database.exec("DELETE FROM t");
          store::BulkInsert insert(database, "t", "a, b, c");
          for (int i = 0; i < rows; ++i) {
            const std::string text = "text " + std::to_string(i);  // gone before flush()
            insert.add(i, text, i % 2 == 0 ? std::optional(i) : std::nullopt);
          }
          insert.flush();
          insert.flush();  // nothing twice
          std::int64_t seen = 0;
          database.each("SELECT a, b, c FROM t ORDER BY a", [&](const store::Row& row) {
            CHECK(row.integer(0) == seen);
            CHECK(row.text(1) == "text " + std::to_string(seen));
            CHECK(row.is_null(2) == (seen % 2 == 1));
            ++seen;
          });
          CHECK(seen == rows);
        }
      },
      false);
}
