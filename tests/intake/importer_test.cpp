#include "intake/importer.hpp"

#include "intake/mails.hpp"
#include "intake/mbox.hpp"
#include "store/cursors.hpp"
#include "support/store_fixture.hpp"
#include "tracker/queries.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace patchmill::intake {
namespace {

using test::on_each_engine;
using test::patch_mail;
using test::simple_mail;
using test::TestStore;

using Sources = std::vector<std::unique_ptr<Source>>;

// Gives these mails, then ends or fails.
class ListSource final : public Source {
 public:
  explicit ListSource(std::vector<std::string> mails, std::string failure = {})
      : m_mails(std::move(mails)), m_failure(std::move(failure)) {}
  std::string name() const override { return "a list"; }
  Result<void> resume(Positions& positions) override {
    m_next = std::stoull(positions.cursor("list").value_or("0"));
    return {};
  }
  Result<std::optional<std::string>> next() override {
    if (m_next < m_mails.size()) {
      return std::optional(m_mails[m_next++]);
    }
    if (!m_failure.empty()) {
      return fail(ErrorKind::infrastructure, m_failure);
    }
    return std::optional<std::string>();
  }
  std::function<void(store::Database&)> checkpoint() override {
    return [at = m_next](store::Database& database) {
      store::set_cursor(database, "list", std::to_string(at));
    };
  }
  SourceProgress progress() const override { return {m_next, m_mails.size()}; }

 private:
  std::vector<std::string> m_mails;
  std::string m_failure;
  std::size_t m_next = 0;
};

Sources one_list(std::vector<std::string> mails, std::string failure = {}) {
  Sources sources;
  sources.push_back(std::make_unique<ListSource>(std::move(mails), std::move(failure)));
  return sources;
}

std::vector<std::string> many(int count) {
  std::vector<std::string> mails;
  for (int i = 0; i < count; ++i) {
    mails.push_back(simple_mail(i));
  }
  return mails;
}

TEST_CASE("intake::Importer: counts, series, reasons and progress") {
  on_each_engine([](TestStore& store) {
    auto mails = many(30);
    for (int number = 0; number <= 2; ++number) {
      mails.push_back(patch_mail(1, number, 2));
    }
    mails.push_back(simple_mail(3));
    mails.push_back("");
    mails.push_back("Subject: no sender\n\nx\n");
    ImportOptions options;
    options.batch_mails = 7;
    Importer importer(store.database(), store.blobs(), store.clock(), options);
    std::vector<ImportProgress> seen;
    const auto report =
        importer.run(one_list(mails), [&](const ImportProgress& p) { seen.push_back(p); });
    CHECK(report.stored == 35);
    CHECK(report.duplicates == 1);
    CHECK(report.unusable == 2);
    std::uint64_t with_reason = 0;
    for (const auto& [reason, count] : report.unusable_by_reason) {
      CHECK_FALSE(reason.empty());
      with_reason += count;
    }
    CHECK(with_reason == 2);
    CHECK(report.changed_series.size() == 1);
    CHECK(report.problems.empty());
    REQUIRE(seen.size() == 6);
    CHECK(seen.front().mails == 7);
    CHECK(seen.front().position.done == 7);
    CHECK(seen.back().mails == 36);
    CHECK(seen.back().source == "a list");
    CHECK(store::cursor(store.database(), "list") == "36");
    tracker::Queries queries(store.database(), store.blobs());
    const auto series = queries.series(report.changed_series.front());
    REQUIRE(series);
    CHECK(series->received_all());
    CHECK(*queries.raw(queries.message("mail-3@example.org")->id) == simple_mail(3));
  });
}

TEST_CASE("intake::Importer: again, nothing is new; more, only that is") {
  on_each_engine([](TestStore& store) {
    Importer importer(store.database(), store.blobs(), store.clock());
    CHECK(importer.run(one_list(many(10))).stored == 10);
    const auto again = importer.run(one_list(many(10)));
    CHECK(again.stored + again.duplicates == 0);
    CHECK(importer.run(one_list(many(12))).stored == 2);
    store::set_cursor(store.database(), "list", "0");
    const auto from_start = importer.run(one_list(many(12)));
    CHECK(from_start.stored == 0);
    CHECK(from_start.duplicates == 12);
    CHECK(from_start.changed_series.empty());
  });
}

TEST_CASE("intake::Importer: what cannot be used is counted when it is stored") {
  TestStore store(store::Engine::sqlite);
  ImportOptions options;
  options.batch_mails = 7;
  Importer importer(store.database(), store.blobs(), store.clock(), options);
  const auto report = importer.run(one_list(std::vector<std::string>(50, "")));
  CHECK(report.stored == 1);
  CHECK(report.duplicates == 49);
  CHECK(report.unusable == 1);
  CHECK(report.unusable_by_reason ==
        std::map<std::string, std::uint64_t>{{"the mail is empty", 1}});
}

TEST_CASE("intake::ImportReport::add: a series counts once") {
  ImportReport sum, one;
  one.stored = 2;
  one.unusable_by_reason["empty"] = 1;
  one.changed_series = {1, 3};
  sum.add(one);
  one.changed_series = {1, 2};
  sum.add(one);
  CHECK(sum.stored == 4);
  CHECK(sum.unusable_by_reason.at("empty") == 2);
  CHECK(sum.changed_series == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("intake::Importer: the order of the source is the order of the store") {
  on_each_engine([](TestStore& store) {
    auto mails = many(400);
    mails[0] = simple_mail(0, std::string(3u << 20, 'x') + "\n");  // slow to parse
    ImportOptions options;
    options.batch_mails = 150;
    options.parsers = 4;
    Importer(store.database(), store.blobs(), store.clock(), options).run(one_list(mails));
    const auto subjects =
        store.database().rows<std::string>("SELECT subject FROM messages ORDER BY id");
    REQUIRE(subjects.size() == 400);
    for (int i = 0; i < 400; ++i) {
      REQUIRE(std::get<0>(subjects[static_cast<std::size_t>(i)]) ==
              "question " + std::to_string(i));
    }
  });
}

TEST_CASE("intake::Importer: bounds smaller than any mail still let mails through") {
  TestStore store(store::Engine::sqlite);
  ImportOptions options;
  options.bytes_in_flight = 1;
  options.batch_bytes = 1;
  options.batch_mails = 0;
  options.parsers = 1;
  Importer importer(store.database(), store.blobs(), store.clock(), options);
  CHECK(importer.run(one_list(many(20))).stored == 20);
}

TEST_CASE("intake::Importer: a source that breaks keeps what it gave and stops no other") {
  TestStore store(store::Engine::sqlite);
  auto sources = one_list(many(5), "the disk is gone");
  sources.push_back(open_mbox(store.folder() / "missing.mbox"));
  test::write(store.folder() / "good.mbox", test::as_mbox({simple_mail(50)}));
  sources.push_back(open_mbox(store.folder() / "good.mbox"));
  const auto report = Importer(store.database(), store.blobs(), store.clock()).run(sources);
  CHECK(report.stored == 6);
  REQUIRE(report.problems.size() == 2);
  CHECK(report.problems[0].message == "the disk is gone");
  CHECK(report.problems[1].message.find("missing.mbox") != std::string::npos);
  CHECK(store::cursor(store.database(), "list") == "5");
}

TEST_CASE("intake::Importer: mails that cannot be read are problems, a bounded number of them") {
  TestStore store(store::Engine::sqlite);
  class Holey final : public Source {
   public:
    std::string name() const override { return "holes"; }
    Result<void> resume(Positions&) override { return {}; }
    Result<std::optional<std::string>> next() override {
      m_left_out.push_back({ErrorKind::infrastructure, fmt::format("hole {}", m_next)});
      return m_next < 50 ? std::optional(simple_mail(m_next++)) : std::nullopt;
    }
    std::function<void(store::Database&)> checkpoint() override {
      return [](store::Database&) {};
    }
    SourceProgress progress() const override { return {}; }
    std::vector<Error> take_left_out() override { return std::exchange(m_left_out, {}); }

   private:
    int m_next = 0;
    std::vector<Error> m_left_out;
  };
  Sources sources;
  sources.push_back(std::make_unique<Holey>());
  ImportOptions options;
  options.batch_mails = 7;
  const auto report =
      Importer(store.database(), store.blobs(), store.clock(), options).run(sources);
  CHECK(report.stored == 50);
  REQUIRE(report.problems.size() == 21);
  CHECK(report.problems[0].message == "hole 0");
  CHECK(report.problems[19].message == "hole 19");
  CHECK(report.problems[20].message == "31 more mails of holes could not be read either");
}

TEST_CASE("intake::Importer: a list given by hand is what the mails belong to") {
  TestStore store(store::Engine::sqlite);
  ImportOptions options;
  options.list_id = "list.example.org";
  Importer importer(store.database(), store.blobs(), store.clock(), options);
  const auto report = importer.run(one_list({patch_mail(1, 0, 1), patch_mail(1, 1, 1)}));
  REQUIRE(report.changed_series.size() == 1);
  tracker::Queries queries(store.database(), store.blobs());
  CHECK(queries.series(report.changed_series[0])->list_ids ==
        std::vector<std::string>{"list.example.org"});
}

TEST_CASE("intake::Importer: a broken store is an exception, and its batch leaves nothing") {
  on_each_engine([](TestStore& store) {
    ImportOptions options;
    options.batch_mails = 10;
    Importer importer(store.database(), store.blobs(), store.clock(), options);
    store.database().execute_script("ALTER TABLE cursors RENAME TO hidden");
    CHECK_THROWS_AS(importer.run(one_list(many(500))), store::DatabaseError);
    store.database().execute_script("ALTER TABLE hidden RENAME TO cursors");
    CHECK(store.database().value<int>("SELECT COUNT(*) FROM messages") == 0);
    CHECK(importer.run(one_list(many(500))).stored == 500);
  });
}

TEST_CASE("intake::lock_intake: one at a time") {
  const TempDir folder;
  const auto held = lock_intake(folder.path() / "data", false);
  REQUIRE(held);
  const auto second = lock_intake(folder.path() / "data", false);
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == ErrorKind::conflict);
}

}  // namespace
}  // namespace patchmill::intake
