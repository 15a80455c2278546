#include "tracker/series_addresses.hpp"

#include "tracker/tracker_support.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace patchmill;
using namespace patchmill::tracker;
using namespace patchmill::tracker::test;

namespace {

std::string key_of(std::string_view url) {
  const auto address = series_address(url);
  return address ? address->key() : "";
}

MailSpec naming(const std::string& msgid, const std::string& subject, const std::string& url) {
  MailSpec mail{msgid, subject};
  mail.text = "Text.\n\nDepends-on: " + url + "\n";
  return mail;
}

}  // namespace

TEST_CASE("tracker::series_address: what Patchwork takes for one") {
  CHECK(key_of("https://PW.example.org/project/linux/list/?series=12") == "u:pw.example.org/12");
  CHECK(key_of("http://h:8000/a/b/project/x/list?state=*&series=7#top") == "u:h:8000/a/b/7");
  for (const auto* other :
       {"", "https://pw.example.org/", "https://pw.example.org/project/x/list/",
        "https://pw.example.org/project/x/list/?series=", "https://h/project/x/list/?series=0",
        "https://h/project/x/list/?series=1x", "https://h/project/x/list/?xseries=1",
        "https://h/project/x/list/?series=9223372036854775808", "https://h/series/1/?series=1",
        "https://h/project/x/list/more/?series=1", "https://h/project//list/?series=1",
        "https:///project/x/list/?series=1", "/project/x/list/?series=1",
        "https://h/project/x/list/#?series=1", "https://h/project/x/patches/?series=1"}) {
    CAPTURE(other);
    CHECK(key_of(other).empty());
  }
  CHECK(key_of("https://" + std::string(400, 'h') + "/project/x/list/?series=1").empty());
}

TEST_CASE("tracker::patchwork_site: however a front page is written") {
  CHECK(patchwork_site("https://PW.example.org") == "pw.example.org");
  CHECK(patchwork_site("http://pw.example.org/pw//") == "pw.example.org/pw");
  CHECK(patchwork_site("pw.example.org").empty());
}

TEST_CASE("tracker::resolve_addresses: stays when the series changes, and is told") {
  patchmill::test::on_each_engine([](patchmill::test::TestStore& store) {
    Harness harness(store);
    const std::string url = "https://pw.example.org/project/x/list/?series=12";
    harness.feed({MailSpec{"base@x", "[PATCH] base"}, naming("n1@x", "[PATCH 1/2] needs", url)});
    const auto dependency = [&] { return harness.of("n1@x").dependencies.at(0); };
    CHECK_FALSE(dependency().series.has_value());
    CHECK(dependency().reason == "no series with this address is known here");
    const auto open = open_addresses(store.database(), 10);
    REQUIRE(open.size() == 1);
    CHECK(open[0].series == harness.of("n1@x").number);
    CHECK(open[0].address.site == "pw.example.org");
    CHECK(open[0].address.series == 12);
    CHECK(open_addresses(store.database(), 0).empty());

    const auto base = harness.of("base@x").number;
    const auto events = [&] {
      return store.database().value<std::int64_t>(
          "SELECT COUNT(*) FROM events WHERE kind = 'series-changed' AND series = ?",
          open[0].series);
    };
    const auto before = events();
    const std::array found{ResolvedAddress{open[0], base}};
    CHECK(resolve_addresses(store.database(), store.clock().now(), found) == 1);
    CHECK(events() == before + 1);
    CHECK(dependency().series == base);
    CHECK(dependency().reason.empty());
    CHECK(resolve_addresses(store.database(), store.clock().now(), found) == 0);
    CHECK(events() == before + 1);
    CHECK(harness.queries().newest_dependents(base, 10) == std::vector{open[0].series});

    MailSpec second{"n2@x", "[PATCH 2/2] more", "n1@x", "", 1};
    harness.feed({second});
    REQUIRE(harness.of("n2@x").number == open[0].series);
    CHECK(dependency().series == base);
    CHECK(open_addresses(store.database(), 10).empty());
  });
}

TEST_CASE("tracker::resolve_addresses: a series that names itself, or another one meanwhile") {
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  harness.feed({MailSpec{"base@x", "[PATCH] base"},
                naming("self@x", "[PATCH] self", "https://h/project/x/list/?series=1")});
  auto open = open_addresses(store.database(), 10).at(0);
  const auto base = harness.of("base@x").number;
  auto other = open;
  other.address.series = 2;
  CHECK(resolve_addresses(store.database(), store.clock().now(),
                          std::array{ResolvedAddress{other, base}}) == 0);
  CHECK(resolve_addresses(store.database(), store.clock().now(),
                          std::array{ResolvedAddress{open, open.series}}) == 0);
  const auto dependency = harness.of("self@x").dependencies.at(0);
  CHECK_FALSE(dependency.series.has_value());
  CHECK(dependency.reason == k_names_itself);
  CHECK(open_addresses(store.database(), 10).empty());
}
