#include "placement/tree_choice.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using placement::Reason;

namespace {

const placement::MaintainersAnswer k_silent = [](std::size_t, const std::string&) {
  return std::optional<std::string>{};
};

std::vector<placement::TreeSpec> net_trees() {
  return {{.name = "net",
           .url = "",
           .branch = "",
           .lists = {"netdev.vger.kernel.org"},
           .subject_tags = {"net"},
           .paths = {}},
          {.name = "net-next",
           .url = "",
           .branch = "",
           .lists = {"netdev.vger.kernel.org"},
           .subject_tags = {"net-next"},
           .paths = {"net/*", "drivers/net/*"}},
          {.name = "bpf",
           .url = "",
           .branch = "",
           .lists = {"bpf.vger.kernel.org"},
           .subject_tags = {"bpf"},
           .paths = {}}};
}

tracker::Series series_with(std::vector<std::string> prefixes, std::vector<std::string> lists) {
  tracker::Series series;
  series.prefixes = std::move(prefixes);
  series.list_ids = std::move(lists);
  return series;
}

}  // namespace

TEST_CASE("placement::rank_trees: a tag is a whole word") {
  const auto specs = net_trees();
  const std::string netdev = "netdev.vger.kernel.org";
  auto ranked = rank_trees(specs, series_with({"net-next"}, {netdev}), {}, k_silent);
  CHECK(specs[ranked[0].tree].name == "net-next");
  CHECK(ranked[0].reasons == std::vector{Reason::subject_tag, Reason::list});
  CHECK(ranked[1].needs_evidence);
  ranked = rank_trees(specs, series_with({"RFC", "NET"}, {netdev}), {}, k_silent);
  CHECK(specs[ranked[0].tree].name == "net");
}

TEST_CASE("placement::rank_trees: without a tag the list, then files, then configuration order") {
  const auto specs = net_trees();
  const auto series = series_with({}, {"netdev.vger.kernel.org"});
  CHECK(specs[rank_trees(specs, series, {}, k_silent)[0].tree].name == "net");
  const std::vector<std::string> paths{"net/core/dev.c"};
  auto ranked = rank_trees(specs, series, paths, k_silent);
  CHECK(specs[ranked[0].tree].name == "net-next");
  CHECK(specs[ranked[2].tree].name == "bpf");
  CHECK(ranked[2].needs_evidence);
}

TEST_CASE("placement::rank_trees: MAINTAINERS may speak for a tree of another list") {
  const auto specs = net_trees();
  const auto answer = [](std::size_t tree, const std::string& path) {
    return tree == 2 && path == "kernel/bpf/core.c" ? std::optional<std::string>("BPF")
                                                    : std::nullopt;
  };
  const std::vector<std::string> paths{"kernel/bpf/core.c", "other.c"};
  const auto ranked = rank_trees(specs, series_with({}, {"lkml.example.org"}), paths, answer);
  CHECK(specs[ranked[0].tree].name == "bpf");
  CHECK_FALSE(ranked[0].needs_evidence);
  CHECK(ranked[0].why == "MAINTAINERS sends 1 of 2 files here (BPF)");
}
