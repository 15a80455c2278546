// Requests that a real Patchwork answered, answered by ours over the same data.

#include "client.hpp"
#include "registry/list_index.hpp"
#include "snapshot_data.hpp"
#include "store_rows.hpp"
#include "support/store_fixture.hpp"

#include <algorithm>
#include <set>

namespace patchmill::api::patchwork {
namespace {

using namespace test;

// Where ours differs on purpose; docs/patchwork-api.md says why.
bool differs(const std::string& method, const json::value& sent) {
  // Patchwork lets a maintainer post checks in somebody else's name.
  return method == "POST" && sent.is_object() && sent.as_object().contains("user");
}

// Patchwork leaves `related` out of the answer to a PATCH when there are none, and only there.
json::object without_empty_relation(const json::object& patch) {
  json::object kept;
  for (const auto& member : patch) {
    if (member.key() != "related" || !member.value().as_array().empty()) {
      kept[member.key()] = member.value();
    }
  }
  return kept;
}

// Where a value differs first, with the order of keys; empty: nowhere.
std::string first_difference(const json::value& want, const json::value& have,
                             const std::string& at) {
  if (want.kind() != have.kind() && !(want.is_number() && have.is_number())) {
    return at + ": " + json::serialize(have) + " instead of " + json::serialize(want);
  }
  if (want.is_object()) {
    const auto keys = [](const json::value& value) {
      std::string all;
      for (const auto& member : value.as_object()) {
        all += std::string(member.key()) + " ";
      }
      return all;
    };
    if (keys(want) != keys(have)) {
      return at + ": keys " + keys(have) + " instead of " + keys(want);
    }
    for (const auto& member : want.as_object()) {
      const std::string key(member.key());
      const auto found = first_difference(member.value(), have.at(key), at + "." + key);
      if (!found.empty()) {
        return found;
      }
    }
    return {};
  }
  if (want.is_array()) {
    const auto& a = want.as_array();
    const auto& b = have.as_array();
    if (a.size() != b.size()) {
      return at + ": " + std::to_string(b.size()) + " instead of " + std::to_string(a.size());
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
      const auto found = first_difference(a[i], b[i], at + "[" + std::to_string(i) + "]");
      if (!found.empty()) {
        return found;
      }
    }
    return {};
  }
  return want == have ? ""
                      : at + ": " + json::serialize(have) + " instead of " + json::serialize(want);
}

json::value by_id(const json::value& list) {
  std::vector<json::value> items(list.as_array().begin(), list.as_array().end());
  std::sort(items.begin(), items.end(), [](const json::value& a, const json::value& b) {
    return a.at("id").to_number<Id>() < b.at("id").to_number<Id>();
  });
  return json::array(items.begin(), items.end());
}

// What the recorded requests are asked of.
class Side {
 public:
  virtual ~Side() = default;
  virtual OpenRegistry open() = 0;
  virtual void set_clock(Timestamp now) = 0;
  virtual void add_check_of_dev() = 0;  // the one that ours refuses
  virtual void after_writes() = 0;
};

class FakeSide final : public Side {
 public:
  explicit FakeSide(Snapshots& snapshots) : m_snapshots(snapshots) {}
  OpenRegistry open() override {
    return [this] { return std::make_unique<FakeRegistry>(m_snapshots.data); };
  }
  void set_clock(Timestamp now) override { m_snapshots.data.now = now; }
  void add_check_of_dev() override {
    FakeRegistry(m_snapshots.data)
        .add_check(m_snapshots.data.users.at(1), 2, {.state = reg::CheckState::success});
  }
  void after_writes() override { m_snapshots.after_writes(); }

 private:
  Snapshots& m_snapshots;
};

// Our registry, its rows put in as they are.
class StoreSide final : public Side {
 public:
  StoreSide(patchmill::test::TestStore& store, Snapshots& snapshots, bool with_index)
      : m_store(store),
        m_snapshots(snapshots),
        m_with_index(with_index),
        m_pool([&store] { return store.connect(); }, 2) {
    fill(store.database(), store.blobs(), snapshots.data);
  }
  OpenRegistry open() override {
    return registry_of(m_pool, m_store.blobs(), m_clock, m_with_index ? &m_index : nullptr);
  }
  void set_clock(Timestamp now) override { m_clock.advance(now - m_clock.now()); }
  void add_check_of_dev() override {
    put(m_store.database(), {8,
                             2,
                             m_snapshots.data.users.at(1),
                             m_clock.now(),
                             reg::CheckState::success,
                             {},
                             "default",
                             {}});
  }
  void after_writes() override {
    m_snapshots.after_writes();
    m_store.database().exec("DELETE FROM registry_events");
    for (const reg::Event& event : m_snapshots.data.events) {
      put(m_store.database(), event);
    }
  }

 private:
  patchmill::test::TestStore& m_store;
  Snapshots& m_snapshots;
  const bool m_with_index;
  ManualClock m_clock;
  store::Pool m_pool;
  reg::ListIndex m_index;
};

void compare(const Snapshots& snapshots, Side& side) {
  Client client(side.open());
  std::size_t compared = 0;
  std::size_t left_out = 0;
  bool written = false;
  std::size_t number = 0;
  for (const auto& entry : snapshots.entries()) {
    const auto& request = entry.at("request").as_object();
    const auto& wanted = entry.at("response").as_object();
    const auto& sent = request.at("body");
    Ask ask;
    ask.method = str(request.at("method"));
    ask.target = str(request.at("path"));
    ask.content_type = str(request.at("content_type"));
    ask.body = sent.is_null() ? "" : sent.is_string() ? str(sent) : json::serialize(sent);
    const std::string who = str(request.at("auth"));
    ask.authorization = who == "maintainer"   ? client.maintainer
                        : who == "plain-user" ? client.developer
                                              : "";
    if (ask.method == "GET" && !written) {
      written = true;
      side.after_writes();
    }
    INFO("entry ", number++, ": ", ask.method, " ", ask.target, " ", ask.body);
    const auto& body = wanted.at("body");
    if (ask.method == "POST" && body.is_object() && body.as_object().contains("date")) {
      side.set_clock(parse_api_date(str(body.at("date"))).value());
    }
    if (differs(ask.method, sent)) {
      CHECK(client.ask(ask).status == 400);
      side.add_check_of_dev();  // so that what follows can be compared
      ++left_out;
      continue;
    }
    if (ask.target == "/project/testproj/patch/v1-0@x/") {
      ++left_out;  // one of the pages, which are another module's (tests/web/site_patches_test.cpp)
      continue;
    }
    const Answer answer = client.ask(ask);
    CHECK(answer.status == wanted.at("status").to_number<int>());
    const auto& headers = wanted.at("headers").as_object();
    for (const auto* name : {"Allow", "Link", "Location", "Content-Disposition", "Content-Type"}) {
      const auto* value = headers.if_contains(name);
      const bool page = answer.status == 302 && name == std::string_view("Content-Type");
      if (value != nullptr && !page) {
        std::string expected = str(*value);
        if (const auto file = expected.find("filename="); file != std::string::npos) {
          // Ours have no blanks.
          std::replace(expected.begin() + static_cast<std::ptrdiff_t>(file), expected.end(), ' ',
                       '-');
        }
        CHECK(answer.header(name) == expected);
      }
    }
    if (body.is_object() || body.is_array()) {
      auto have = json::parse(answer.body);
      if (ask.method == "PATCH" && !body.as_object().contains("related") && have.is_object()) {
        have = without_empty_relation(have.as_object());
      }
      // Equals are in the direction of the order with us, where Patchwork leaves them to its store.
      const bool ties = ask.target.ends_with("/series/?project=testproj&order=-date");
      CHECK(first_difference(ties ? by_id(body) : body, ties ? by_id(have) : have, "") == "");
    } else if (ask.target.ends_with("/pwclientrc/")) {
      // It names the site, which was another than the host asked for.
      std::string expected = str(body);
      for (auto at = expected.find("example.com"); at != std::string::npos;
           at = expected.find("example.com", at)) {
        expected.replace(at, 11, "testserver");
      }
      CHECK(answer.body == expected);
    } else if (body.is_string() && str(body) != "<html omitted>") {
      CHECK(answer.body == str(body));
    }
    ++compared;
  }
  CHECK(compared == 250);
  CHECK(left_out == 2);
}

TEST_CASE("the API answers as a real Patchwork did, field by field") {
  const auto file = shared_answers("api-snapshots.json");
  if (!file) {
    MESSAGE(k_no_answers);
    return;
  }
  SUBCASE("over a registry in memory") {
    Snapshots snapshots(*file);
    FakeSide side(snapshots);
    compare(snapshots, side);
  }
  SUBCASE("over ours") {
    patchmill::test::on_each_engine([&](patchmill::test::TestStore& store) {
      for (const bool with_index : {false, true}) {
        CAPTURE(with_index);
        patchmill::test::TestStore own(store.database().engine());
        Snapshots snapshots(*file);
        StoreSide side(own, snapshots, with_index);
        compare(snapshots, side);
      }
    });
  }
}

}  // namespace
}  // namespace patchmill::api::patchwork
