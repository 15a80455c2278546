#include "placement/placer_fixture.hpp"
#include "placement/prerequisites.hpp"

using namespace patchmill;
using placement::PlacementState;
using placement::Reason;
using test::chosen;
using test::has_reason;
using test::text;

namespace {

// Three changes of one line, each made on the one before; only the first fits the tree.
struct Stack {
  explicit Stack(const std::filesystem::path& folder) : history(folder / "origin.git") {
    base = history.commit(0, {{"f", text(5, "base")}});
    std::string at = base;
    for (int i = 1; i <= 3; ++i) {
      const std::string next =
          history.commit(i, {{"f", text(5, fmt::format("step {}", i))}}, fmt::format("step {}", i),
                         "work", "", i == 1 ? base : std::string());
      diffs.push_back(history.diff(at, next));
      at = next;
    }
  }
  // Without the line that would betray the dependency.
  [[nodiscard]] std::string bare(std::size_t i) const {
    std::string diff = diffs[i];
    const std::size_t index = diff.find("index ");
    return diff.erase(index, diff.find('\n', index) + 1 - index);
  }

  test::GitHistory history;
  std::string base;
  std::vector<std::string> diffs;
};

std::string depends_on(const std::string& id) {
  return "Words.\n\nDepends-on: <" + id + ">";
}

}  // namespace

TEST_CASE("placement::named_dependencies: waits for what is not here, then builds on it") {
  test::on_each_engine([](test::TestStore& store) {
    Stack stack(store.folder());
    test::Placing p(store, {test::tree_of(stack.history)});
    p.refresh();
    const auto top = p.post(3, "c@x", "[PATCH] three", depends_on("b@x"), stack.bare(2));
    auto placed = p.place(top);
    CHECK(placed.state == PlacementState::waiting);
    CHECK_FALSE(placed.waiting_for.has_value());
    CHECK(placed.explanation.find("b@x, which has not arrived") != std::string::npos);

    const auto middle = p.post(2, "b@x", "[PATCH] two", depends_on("a@x"), stack.bare(1));
    CHECK(p.place(top).state == PlacementState::waiting);

    const auto bottom = p.post(1, "a@x", "[PATCH] one", "Words.", stack.bare(0));
    placed = p.place(top);
    CHECK(placed.state == PlacementState::placed);
    CHECK(has_reason(chosen(placed), Reason::dependency));
    CHECK(chosen(placed).commit != stack.base);
    CHECK(chosen(placed).outcome->applied.size() == 1);
    CHECK(chosen(placed).tree_commit == stack.base);
    REQUIRE(chosen(placed).below.size() == 2);
    CHECK(chosen(placed).below[0].msgid == "a@x");
    CHECK(chosen(placed).below[1].msgid == "b@x");
    CHECK(placed.explanation.find(fmt::format("series {} (one), series {} (two)", bottom,
                                              middle)) != std::string::npos);
    CHECK(p.place(middle).state == PlacementState::placed);

    SUBCASE("as of a day before it was posted it waits again") {
      placement::PlaceOptions options;
      options.as_of = test::day(1);
      CHECK(p.place(top, options).state == PlacementState::waiting);
    }
    SUBCASE("what the tree has by now is not applied again") {
      stack.history.commit(4, {{"f", text(5, "step 1")}}, "one");
      p.refresh();
      placed = p.place(top);
      CHECK(placed.state == PlacementState::placed);
      CHECK(placed.explanation.find("is in the tree already") != std::string::npos);
    }
  });
}

TEST_CASE("placement::named_dependencies: half a series, one that does not apply, a circle") {
  test::TestStore store(store::Engine::sqlite);
  Stack stack(store.folder());
  test::Placing p(store, {test::tree_of(stack.history)});
  p.refresh();
  SUBCASE("half") {
    const auto half = p.post(1, "a1@x", "[PATCH 1/2] one", "Words.", stack.bare(0));
    const auto top = p.post(2, "b@x", "[PATCH] two", depends_on("a1@x"), stack.bare(1));
    const auto placed = p.place(top);
    CHECK(placed.state == PlacementState::waiting);
    CHECK(placed.waiting_for == half);
    CHECK(placed.explanation.find("only 1 of 2 patches") != std::string::npos);
  }
  SUBCASE("does not apply") {
    const auto lost = p.post(1, "b@x", "[PATCH] two", "Words.", stack.bare(1));
    const auto top = p.post(2, "c@x", "[PATCH] three", depends_on("b@x"), stack.bare(2));
    const auto placed = p.place(top);
    CHECK(placed.state == PlacementState::waiting);
    CHECK(placed.waiting_for == lost);
    CHECK(placed.explanation.find("which does not apply") != std::string::npos);
  }
  SUBCASE("circle") {
    const auto one = p.post(1, "a@x", "[PATCH] one", depends_on("b@x"), stack.bare(0));
    p.post(2, "b@x", "[PATCH] two", depends_on("a@x"),
           "--- /dev/null\n+++ b/new\n"
           "@@ -0,0 +1 @@\n+new\n");
    CHECK(p.place(one).state == PlacementState::placed);
  }
}

TEST_CASE("placement::followed_dependencies: newest revisions, through others, circles end") {
  test::TestStore store(store::Engine::sqlite);
  Stack stack(store.folder());
  test::Placing p(store, {test::tree_of(stack.history)});
  const auto bottom = p.post(1, "a@x", "[PATCH] one", depends_on("c@x"), stack.bare(0));
  const auto middle = p.post(2, "b@x", "[PATCH] two", depends_on("a@x"), stack.bare(1));
  const auto top = p.post(3, "c@x", "[PATCH] three", depends_on("b@x"), stack.bare(2));
  using Numbers = std::vector<std::int64_t>;
  const auto followed = [&] {
    Numbers numbers;
    for (const auto& one : placement::followed_dependencies(p.queries, *p.queries.series(top))) {
      numbers.push_back(one.number);
    }
    return numbers;
  };
  CHECK(followed() == Numbers{middle, bottom});
  const auto newer = p.post(4, "a2@x", "[PATCH v2] one", "Words.", stack.bare(0));
  REQUIRE(newer != bottom);
  CHECK(followed() == Numbers{middle, newer});
}

TEST_CASE("placement::learn_patch_ids: prerequisite-patch-id finds the series it names") {
  test::on_each_engine([](test::TestStore& store) {
    Stack stack(store.folder());
    test::Placing p(store, {test::tree_of(stack.history)});
    p.refresh();
    const std::string id = [&] {
      auto repository = p.placer.repository("main");
      REQUIRE(repository.has_value());
      const std::vector<std::string> diffs{stack.bare(0)};
      return git::patch_ids(**repository, diffs)->front();
    }();
    REQUIRE(id.size() == 40);
    const std::string words =
        fmt::format("Words.\n\nbase-commit: {}\nprerequisite-patch-id: {}", stack.base, id);
    const auto top = p.post(2, "b@x", "[PATCH] two", words, stack.bare(1));
    const auto lonely = p.place(top);
    CHECK(lonely.state == PlacementState::waiting);
    CHECK(lonely.explanation.find(id) != std::string::npos);

    const auto bottom = p.post(1, "a@x", "[PATCH] one", "Words.", stack.bare(0));
    const auto placed = p.place(top);
    CHECK(placed.state == PlacementState::placed);
    CHECK(has_reason(chosen(placed), Reason::dependency));
    CHECK(p.queries.newest_dependents(bottom, 10) == std::vector<std::int64_t>{top});
    CHECK(p.queries.patches_without_id(10).empty());
  });
}

TEST_CASE("placement::named_dependencies: a series that names itself waits for nothing") {
  test::TestStore store(store::Engine::sqlite);
  Stack stack(store.folder());
  test::Placing p(store, {test::tree_of(stack.history)});
  p.refresh();
  const auto one = p.post(1, "a@x", "[PATCH] one", depends_on("a@x"), stack.bare(0));
  const auto placed = p.place(one);
  CHECK(placed.state == PlacementState::placed);
  CHECK(placed.explanation.find("names the series itself") != std::string::npos);
}

TEST_CASE("placement::implied_dependency: a file as another series leaves it") {
  test::on_each_engine([](test::TestStore& store) {
    Stack stack(store.folder());
    test::Placing p(store, {test::tree_of(stack.history)});
    p.refresh();
    const auto bottom = p.post(1, "a@x", "[PATCH] one", "Words.", stack.diffs[0]);
    const auto middle = p.post(2, "b@x", "[PATCH] two", "Words.", stack.diffs[1]);
    const auto top = p.post(3, "c@x", "[PATCH] three", "Words.", stack.diffs[2]);
    // The series it is built on were seen by nobody yet.
    CHECK(p.place(top).state == PlacementState::conflict);
    CHECK(p.place(bottom).state == PlacementState::placed);
    CHECK(p.place(middle).state == PlacementState::placed);
    const auto placed = p.place(top);
    CHECK(placed.state == PlacementState::placed);
    CHECK(has_reason(chosen(placed), Reason::dependency));
    CHECK(chosen(placed).tree_commit == stack.base);
    REQUIRE(chosen(placed).below.size() == 2);
    CHECK(chosen(placed).below[0].msgid == "a@x");
    CHECK(chosen(placed).below[1].msgid == "b@x");
    CHECK(placed.explanation.find(fmt::format("series {} (one), series {} (two)", bottom,
                                              middle)) != std::string::npos);
  });
}

TEST_CASE("placement::load_patches: what git am would record") {
  test::TestStore store(store::Engine::sqlite);
  Stack stack(store.folder());
  test::Placing p(store, {test::tree_of(stack.history)});
  const auto number = p.post(1, "a@x", "[PATCH v2 1/1] part: do it", "Words.", stack.diffs[0]);
  const auto series = p.queries.series(number);
  REQUIRE(series.has_value());
  const auto patches = placement::load_patches(p.queries, *series);
  REQUIRE(patches.has_value());
  REQUIRE(patches->inputs.size() == 1);
  const auto& input = patches->inputs[0];
  CHECK(input.label == "[PATCH 1/1] part: do it");
  CHECK(input.message == "part: do it\n\nWords.\nSigned-off-by: A U Thor <author@example.org>\n");
  CHECK(input.author.email == "author@example.org");
  CHECK(input.author.seconds == 1'767'312'000);
  CHECK(patches->paths == std::vector<std::vector<std::string>>{{"f"}});
}
