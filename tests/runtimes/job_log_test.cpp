#include "runtimes/job_log.hpp"

#include "store/blob_store.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using runtimes::JobLog;

TEST_CASE("runtimes::JobLog: what was added is there, and no file is left") {
  const TempDir folder;
  store::BlobStore blobs(folder.path() / "blobs");
  auto made = JobLog::make(folder.path());
  REQUIRE(made);
  CHECK(made->append("one\ntwo"));
  CHECK(made->append("\n"));
  CHECK(made->size() == 8);
  CHECK(made->text(0, 100) == "one\ntwo\n");
  CHECK(made->text(4, 2) == "tw");
  CHECK(made->text(9, 1).empty());
  auto lines = made->lines();
  std::string_view line;
  REQUIRE(lines.next(line));
  CHECK(line == "one");
  const auto kept = blobs.put_file(made->path());
  REQUIRE(kept);
  CHECK(*blobs.get(*kept) == "one\ntwo\n");
  CHECK_FALSE(JobLog::make(folder.path() / "none").has_value());

  JobLog empty;
  CHECK(empty.text(0, 100).empty());
  CHECK_FALSE(empty.lines().next(line));
  CHECK(blobs.get(blobs.put_file(empty.path()).value()).value().empty());
}
