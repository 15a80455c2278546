#include "app/doctor_sources.hpp"

#include "support/fake_freedesktop.hpp"
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
  intake::PatchworkSpec patchwork;
  patchwork.url = "http://127.0.0.1:1/";
  patchwork.projects = {"p"};
  CHECK(look(patchwork) == Health::broken);
}

TEST_CASE("app::diagnose_source: what the freedesktop edition lets no program set") {
  test::FakeFreedesktop server;
  SystemProcessRunner processes;
  intake::PatchworkSpec patchwork;
  patchwork.url = server.url();
  patchwork.projects = {"local"};
  const auto limits = [&] {
    std::string text;
    for (const auto& one : app::diagnose_source({"pw", "", patchwork}, processes)) {
      text += one.health == Health::limited ? one.what + ": " + one.mend + "\n" : "";
    }
    return text;
  };
  CHECK(limits().empty());
  patchwork.delegates = {{"ann", {}, {}, {}, {}}};
  CHECK(limits() == "delegates of source pw: remove 'set-delegates' from the source\n");
  patchwork.states = {"superseded"};
  CHECK(limits() ==
        "states of source pw: remove 'set-states' from the source\n"
        "delegates of source pw: remove 'set-delegates' from the source\n");
}
