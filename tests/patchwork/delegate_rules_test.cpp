#include "patchwork/delegate_rules.hpp"

#include <doctest/doctest.h>

using namespace patchmill::patchwork;

TEST_CASE("patchwork::delegate_of: the first rule all of whose conditions hold") {
  const std::vector<DelegateRule> rules = {
      {"ann", {"drivers/net/*", "include/net/*"}, {}, {}, {}},
      {"bob", {}, {"bpf.*"}, {"bpf", "bpf-next"}, {}},
      {"cy", {}, {}, {}, {"*mlx5*"}},
  };
  const auto whose = [&](const DelegateTraits& patch) { return delegate_of(rules, patch); };
  CHECK(whose({{"drivers/net/a/b.c", "include/net/c.h"}, {}, {}, ""}) == "ann");
  CHECK(whose({{"drivers/net/a.c", "mm/slab.c"}, {}, {}, ""}).empty());
  CHECK(whose({{}, {}, {}, ""}).empty());  // no files: not all of them are hers
  CHECK(whose({{"x"}, {"bpf.vger.kernel.org"}, {"BPF-next"}, ""}) == "bob");
  CHECK(whose({{"x"}, {"bpf.vger.kernel.org"}, {"net"}, ""}).empty());
  CHECK(whose({{"x"}, {"netdev.vger.kernel.org"}, {"bpf"}, ""}).empty());
  CHECK(whose({{"x"}, {}, {}, "[PATCH] net/MLX5: mend"}) == "cy");
  CHECK(whose({{"drivers/net/mlx5.c"}, {}, {}, "[PATCH] net/mlx5: mend"}) == "ann");
  CHECK(delegate_of({}, {{"x"}, {}, {}, ""}).empty());
}

TEST_CASE("patchwork::delegate_of: two files may differ in case alone") {
  const std::vector<DelegateRule> rules = {{"ann", {"net/netfilter/xt_dscp.c"}, {}, {}, {}},
                                           {"bob", {"net/netfilter/xt_D*.c"}, {}, {}, {}}};
  CHECK(delegate_of(rules, {{"net/netfilter/xt_dscp.c"}, {}, {}, ""}) == "ann");
  CHECK(delegate_of(rules, {{"net/netfilter/xt_DSCP.c"}, {}, {}, ""}) == "bob");
}
