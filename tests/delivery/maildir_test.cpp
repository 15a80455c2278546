#include "delivery/maildir.hpp"

#include "util/file.hpp"

#include <doctest/doctest.h>

#include <fstream>

namespace patchmill::delivery {
namespace {
namespace fs = std::filesystem;

std::vector<fs::path> files(const fs::path& folder) {
  std::vector<fs::path> result;
  for (const auto& entry : fs::directory_iterator(folder)) {
    result.push_back(entry.path());
  }
  return result;
}

Mailing mailing(std::vector<std::string> recipients = {"a@x.org"}) {
  return {"ci@x.org", std::move(recipients), "Subject: x\n\nbody\n", "patchmill.1@x.org"};
}

TEST_CASE("delivery::make_maildir_transport: the same mail again is the same file") {
  const TempDir folder;
  const fs::path maildir = folder.path() / "Mail";
  const auto transport = make_maildir_transport(maildir);
  CHECK(transport->repeatable());
  int asked = 0;
  const auto point = [&](const auto&) { return ++asked > 0; };
  CHECK(transport->deliver(mailing(), point)[0].outcome == Outcome::accepted);
  REQUIRE(files(maildir / "new").size() == 1);
  CHECK(read_file(files(maildir / "new")[0]).value() == "Subject: x\n\nbody\n");
  CHECK(files(maildir / "tmp").empty());
  CHECK(transport->deliver(mailing(), point)[0].outcome == Outcome::accepted);
  CHECK(files(maildir / "new").size() == 1);
  // Also when somebody has read it.
  const auto file = files(maildir / "new")[0];
  fs::rename(file, maildir / "cur" / (file.filename().string() + ":2,S"));
  CHECK(transport->deliver(mailing(), point)[0].outcome == Outcome::accepted);
  CHECK(files(maildir / "new").empty());
  CHECK(asked == 1);
  // Others are another file.
  CHECK(transport->deliver(mailing({"b@x.org"}), point)[0].outcome == Outcome::accepted);
  CHECK(files(maildir / "new").size() == 1);
}

TEST_CASE("delivery::make_maildir_transport: half a mail of an earlier crash does not stay") {
  const TempDir folder;
  const auto transport = make_maildir_transport(folder.path());
  bool go_on = false;
  const auto point = [&](const auto&) { return go_on; };
  CHECK(transport->deliver(mailing(), point)[0].outcome == Outcome::deferred);
  CHECK(files(folder.path() / "new").empty());
  CHECK(files(folder.path() / "tmp").empty());
  go_on = true;
  CHECK(transport->deliver(mailing(), point)[0].outcome == Outcome::accepted);
  const std::string name = files(folder.path() / "new")[0].filename().string();
  fs::remove(folder.path() / "new" / name);
  std::ofstream(folder.path() / "tmp" / (name + ".4242")) << "half";
  std::ofstream(folder.path() / "tmp" / "somebody.else") << "theirs";
  CHECK(transport->deliver(mailing(), point)[0].outcome == Outcome::accepted);
  CHECK(files(folder.path() / "tmp").size() == 1);
}

TEST_CASE("delivery::make_maildir_transport: a folder that cannot be made defers") {
  const TempDir folder;
  std::ofstream(folder.path() / "file") << "x";
  const auto transport = make_maildir_transport(folder.path() / "file" / "Mail");
  const auto outcomes = transport->deliver(mailing(), [](const auto&) { return true; });
  CHECK(outcomes[0].outcome == Outcome::deferred);
  CHECK(outcomes[0].reply.find("Mail") != std::string::npos);
}

}  // namespace
}  // namespace patchmill::delivery
