#include "app/doctor_sources.hpp"

#include "util/file.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace patchmill;
using app::Health;

TEST_CASE("app::diagnose_source: what is there, and what does not answer") {
  const TempDir folder;
  SystemProcessRunner processes;
  const auto look = [&](decltype(intake::SourceSpec::kind) kind) {
    const auto all = app::diagnose_source({"list", "", std::move(kind)}, processes);
    REQUIRE(all.size() == 1);
    CHECK(all[0].what.starts_with("source list"));
    CHECK((all[0].health == Health::good) == all[0].mend.empty());
    CHECK_FALSE(all[0].state.empty());
    return all[0].health;
  };
  const auto place = [](const std::string& url) {
    intake::PlaceSpec spec;
    spec.place = url;
    return spec;
  };
  CHECK(look(place((folder.path() / "none").string())) == Health::broken);
  for (const char* part : {"new", "cur", "tmp"}) {
    std::filesystem::create_directories(folder.path() / "box" / part);
  }
  CHECK(look(place((folder.path() / "box").string())) == Health::good);
  CHECK(look(place("http://127.0.0.1:1/list")) == Health::broken);
  CHECK(look(place("file://" + (folder.path() / "none.git").string())) == Health::broken);

  intake::ImapSpec imap;
  imap.account.server.host = "127.0.0.1";
  imap.account.server.port = 1;
  CHECK(look(imap) == Health::broken);
  intake::NntpSpec nntp;
  nntp.account.server.host = "127.0.0.1";
  nntp.account.server.port = 1;
  nntp.groups = {"a.b"};
  CHECK(look(nntp) == Health::broken);
}
